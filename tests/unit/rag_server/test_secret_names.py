"""Files that hold credentials by their name are never opened, and others are."""

import pytest

from code_rag.rag_server.codebase.secret_names import is_secret

NEVER_READ = (
    ".env", ".env.local", ".env.production", ".env~", ".env.bak", ".env.old", ".env-prod",
    ".env_backup", "prod.env", ".env.swp", "..env.swp", ".env.1", ".envrc", "terraform.tfvars",
    "prod.auto.tfvars", "prod.tfvars.json", "terraform.tfstate", "terraform.tfstate.backup",
    "terraform.tfstate.1700000000.backup", "kubeconfig", "kubeconfig.yaml", "prod.kubeconfig",
    ".docker/config.json", ".dockercfg", ".npmrc", ".pypirc", ".netrc", ".netrc.bak", "settings.xml",
    "wp-config.php", "wp-config.php.bak", ".vault_pass", "vault-password.txt",
    ".ansible_vault_password", "vault_pass", ".bash_history", ".zsh_history", ".psql_history",
    ".python_history", "wg0.conf", "id_rsa", "id_rsa.old", "id_ed25519", "deploy/id_ecdsa_sk",
    "ssh_host_rsa_key", "server.pem", "tls.key.bak", "client.ovpn", "service-account.json",
    "prod-service_account.json", "service_account_key.json", "shop-firebase-adminsdk-x1.json",
    "client_secret_123.json", "gcp-key.json", "application_default_credentials.json",
    "credentials.json", "secrets.yaml", "credentials.tfrc.json", ".my.cnf", "release.keystore",
    "AuthKey_ABC.p8", ".git-credentials", ".htpasswd", ".pgpass",
)  # fmt: skip

READ = (
    ".env.example", ".env.sample", "env.py", "environment.ts", "config.json", "settings.py",
    "settings.json", "id_rsa.pub", "id_ed25519.pub", "main.tf", "variables.tf", "history.py",
    "secrets.py", "passwords.py", "vault.py", "vault_password.py", "service_account.py", "keys.go",
    "docker/config.json", "history.md", "wg.go", "credentials.go", "key.ts", "README.md",
    "package.json", "terraform.tfvars.example", "accounts.json", "service.json", "config.env.ts",
)  # fmt: skip


@pytest.mark.parametrize("name", NEVER_READ)
def test_files_of_credentials_are_never_read(name: str) -> None:
    """The name is enough, in any folder, in any case, and for a back-up."""
    assert is_secret(name)
    assert is_secret(f"deploy/{name}".upper())


@pytest.mark.parametrize("name", READ)
def test_samples_public_keys_and_source_are_read(name: str) -> None:
    """What only has a similar name is source."""
    assert not is_secret(name)
    assert not is_secret(f"deploy/{name}")
