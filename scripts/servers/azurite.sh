# Azurite from npm, Azure's own emulator: TEST_AZURE_URL, a connection string. The container is `storage`.
start_azurite() {
    node_package azurite-blob azurite@3.37.0
    local port key
    port=$(free_port)
    key=$(head -c 64 /dev/urandom | base64 -w 0)
    AZURITE_ACCOUNTS="test:$key" run "$node/node_modules/.bin/azurite-blob" --blobHost 127.0.0.1 \
        --blobPort "$port" --location "$folder" --skipApiVersionCheck --disableTelemetry
    # Nothing but a signed request creates a container.
    cat >"$folder/container.mjs" <<'NODE'
import { createHmac } from "node:crypto";
const [port, key] = process.argv.slice(2);
const date = new Date().toUTCString();
const text = `PUT${"\n".repeat(12)}x-ms-date:${date}\nx-ms-version:2021-08-06\n/test/test/storage\nrestype:container`;
const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
const response = await fetch(`http://127.0.0.1:${port}/test/storage?restype=container`, {
    method: "PUT",
    headers: { "x-ms-date": date, "x-ms-version": "2021-08-06", authorization: `SharedKey test:${signature}` },
});
process.exit(response.ok || response.status === 409 ? 0 : 1);
NODE
    wait_for node "$folder/container.mjs" "$port" "$key"
    export TEST_AZURE_URL="DefaultEndpointsProtocol=http;AccountName=test;AccountKey=$key;BlobEndpoint=http://127.0.0.1:$port/test;"
}
