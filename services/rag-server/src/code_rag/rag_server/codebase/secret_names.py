"""The names of files and folders that hold credentials: these are never opened."""

import re
from pathlib import PurePosixPath

_FOLDERS = frozenset({".aws", ".azure", ".gcloud", ".gnupg", ".kube", ".ssh"})
_NAMES = frozenset({
    ".netrc", "_netrc", ".pgpass", ".my.cnf", ".mylogin.cnf", ".htpasswd", ".git-credentials", ".pypirc",
    ".npmrc", ".dockercfg", ".dockerconfigjson", ".vault-token", ".envrc", ".s3cfg", ".boto",
    ".terraformrc", "terraform.rc", "rclone.conf", ".lesshst", ".viminfo", "auth.json",
    "settings-security.xml", "settings.xml", "wp-config.php", "kubeconfig", "kubeconfig.yaml",
    "kubeconfig.yml", "application_default_credentials.json", "credentials", "secrets",
})  # fmt: skip
_SUFFIXES = frozenset({
    ".pem", ".key", ".p8", ".p12", ".pfx", ".jks", ".keystore", ".bks", ".gpg", ".ppk", ".kdbx", ".kdb",
    ".secret", ".secrets", ".tfstate", ".tfvars", ".tfplan", ".ovpn", ".kubeconfig",
})  # fmt: skip
_STEMS = frozenset({"credential", "credentials", "secret", "secrets"})
_CONFIG_SUFFIXES = frozenset(
    {".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".env", ".txt", ".xml"}
)
_SAMPLE_ENDINGS = (".example", ".sample", ".template", ".dist")
_BACKUP = re.compile(r"(?:~|[._-](?:bak|backup|old|orig|save|saved|copy|tmp|sw[a-p]|\d{1,8}))+$")
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"\.env(?:[._-].*)?|.+\.env|env\.(?:local|prod|production|staging|bak)",
        r"\..+[_-]history|fish_history|consolehost_history\.txt",
        r"id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?:[._-](?!.*pub$).*)?|ssh_host_\w+_key",
        r"wg\d*\.conf|wireguard.*\.conf",
        r"\.?(?:ansible[._-])?vault[._-]?pass(?:word|wd)?(?:[._-]?file)?(?:\.(?:txt|yml|yaml))?",
        r"(?:.*[._-])?service[._-]?account(?:[._-].*)?\.json|.*firebase[._-]adminsdk.*\.json",
        r"client[._-]secrets?(?:[._-].*)?\.json|(?:.*[._-])?(?:gcp|gcloud|google)[._-]?(?:key|credentials?)s?\.json",
        r".*\.tfstate(?:\..*)?|.*\.tfvars(?:\.json)?|credentials\.tfrc\.json",
    )
)
_PLACES = (".docker/config.json", ".cargo/credentials.toml", "containers/auth.json", "gh/hosts.yml")
"""Files whose folder says what they hold."""


def is_secret_folder(name: str) -> bool:
    """Whether folders of this name hold credentials."""
    return name in _FOLDERS


def is_secret(path: str) -> bool:
    """Whether the file at `path` holds secrets, by its name; a sample of one does not, a copy of one does."""
    lowered = path.lower()
    name = lowered.rpartition("/")[2]
    if name.endswith(_SAMPLE_ENDINGS):
        return False
    plain = _BACKUP.sub("", name)
    plain = plain.removeprefix(".") if name.endswith(".swp") and not _is_secret_name(plain) else plain
    return _is_secret_name(name) or _is_secret_name(plain) or f"/{lowered}".endswith(_in_folders(_PLACES))


def _in_folders(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"/{place}" for place in places)


def _is_secret_name(name: str) -> bool:
    parts = PurePosixPath(name)
    is_config = parts.stem in _STEMS and parts.suffix in _CONFIG_SUFFIXES
    by_name = name in _NAMES or parts.suffix in _SUFFIXES or is_config
    return by_name or any(form.fullmatch(name) for form in _FORMS)
