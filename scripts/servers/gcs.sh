# moto from PyPI, whose S3 answers what `object_store` asks of Google's XML interface: TEST_GCS_URL
# (http://host:port/bucket). Emulators of Google itself have its JSON interface only.
start_gcs() {
    package curl curl
    python_package bin/moto_server 'moto[server]==5.2.5'
    local port
    port=$(free_port)
    run "$python/bin/moto_server" -H 127.0.0.1 -p "$port"
    wait_for curl -sf -X PUT "http://127.0.0.1:$port/storage"
    export TEST_GCS_URL="http://127.0.0.1:$port/storage"
}
