# Redis from Debian: TEST_REDIS_URL.
start_redis() {
    package redis-server redis-server
    local port
    port=$(free_port)
    run redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder"
    wait_for redis-cli -p "$port" ping
    export TEST_REDIS_URL="redis://127.0.0.1:$port"
}
