# How a script that checks this machine says what it found; the exit code of the whole is `failed`.
failed=0

ok() { printf 'ok    %s\n' "$1"; }
bad() { # bad WHAT REMEDY
  printf 'FAIL  %s\n      %s\n' "$1" "$2"
  failed=1
}

at_least() { # at_least HAVE NEED
  [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}
