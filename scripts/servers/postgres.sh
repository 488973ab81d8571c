# PostgreSQL with PostGIS from Debian: TEST_DATABASE_URL, of a user who may do everything. A test makes a
# database of its own there.
start_postgres() {
    local postgis programs data="$folder/data" port as=()
    # It refuses to run as root.
    if [ "$(id -u)" = 0 ]; then
        package runuser util-linux
        as=(runuser -u postgres --)
    fi
    programs=$(newest_postgres)
    if [ -z "$programs" ]; then
        install postgresql
        programs=$(newest_postgres)
    fi
    [ -n "$programs" ] || fail "postgresql is missing and could not be installed"
    postgis=$(basename "$(dirname "$programs")")
    [ -f "/usr/share/postgresql/$postgis/extension/postgis.control" ] || install "postgresql-$postgis-postgis-3"

    mkdir "$data"
    [ "${#as[@]}" = 0 ] || chown postgres "$data"
    ${as[@]+"${as[@]}"} "$programs/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$folder/log" 2>&1 || fail "initdb: $(tail -n 5 "$folder/log")"
    port=$(free_port)
    # No socket: a long path has no room in its address.
    run ${as[@]+"${as[@]}"} "$programs/postgres" -D "$data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c fsync=off -c max_connections=300
    # A signal alone would wait for clients to leave.
    at_end ${as[@]+"${as[@]}"} "$programs/pg_ctl" -D "$data" -m immediate stop
    wait_for "$programs/pg_isready" -h 127.0.0.1 -p "$port"
    export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

newest_postgres() {
    find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1
}
