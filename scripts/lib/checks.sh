# What the scripts that check this machine share. Each check prints one line, and below a failed one what to do;
# the exit code of the whole is `failed`.
failed=0

ok() { printf 'ok    %s\n' "$1"; }
bad() { # bad WHAT WHAT_TO_DO
  printf 'FAIL  %s\n      %s\n' "$1" "$2"
  failed=1
}

at_least() { # at_least HAVE NEED
  [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

check_docker() { # its engine answers and is not too old
  local version needed=20.10.0
  if ! command -v docker >/dev/null; then
    bad "docker is not installed" "Install Docker: https://docs.docker.com/get-docker"
  elif ! version=$(docker version --format '{{.Server.Version}}' 2>/dev/null) || [[ -z $version ]]; then
    bad "the Docker engine does not answer" "Start Docker, and check that this user may use it (docker ps)."
  elif ! at_least "$version" "$needed"; then
    bad "docker $version is older than $needed" "Update Docker: https://docs.docker.com/get-docker"
  else
    ok "docker $version"
  fi
}

check_disk() { # check_disk NEEDED_GB
  local free
  free=$(($(df -Pk . | awk 'NR == 2 {print $4}') / 1024 / 1024))
  if ((free >= $1)); then
    ok "$free GB of disk are free"
  else
    bad "only $free GB of disk are free" "Images and data need $1 GB: free some, e.g. with docker system prune."
  fi
}

port_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
