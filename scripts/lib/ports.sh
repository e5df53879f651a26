# port_of VARIABLE DEFAULT: the port that Compose will use: the environment's, else .env's, else the default.
port_of() {
  local value=${!1:-}
  if [[ -z $value && -f .env ]]; then value=$(sed -n "s/^$1=//p" .env | tail -n 1); fi
  echo "${value:-$2}"
}
