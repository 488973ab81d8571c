# Chromium from Debian, driven over WebDriver: TEST_CHROMEDRIVER_URL.
start_chromedriver() {
    package chromium chromium
    package chromedriver chromium-driver
    local port
    port=$(free_port)
    run chromedriver --port="$port" --allowed-ips=127.0.0.1
    wait_for curl -fsS "http://127.0.0.1:$port/status"
    export TEST_CHROMEDRIVER_URL="http://127.0.0.1:$port"
}
