"""Which file an import names."""

import pytest

from code_rag.rag_server.chunking.modules import names_file


@pytest.mark.parametrize(
    ("module", "path", "importer", "language", "expected"),
    [
        ("shop.orders", "src/shop/orders.py", "app.py", "python", True),
        ("shop.orders", "orders.py", "app.py", "python", True),  # the root is inside the package
        ("shop", "src/shop/orders.py", "app.py", "python", True),  # handed on by the package
        ("shop", "src/shop/__init__.py", "app.py", "python", True),
        ("bank.orders", "src/shop/orders.py", "app.py", "python", False),
        ("json", "src/shop/orders.py", "app.py", "python", False),
        (".orders", "shop/orders.py", "shop/cart.py", "python", True),
        (".orders", "bank/orders.py", "shop/cart.py", "python", False),
        ("..orders", "shop/orders.py", "shop/cart/row.py", "python", True),
        (".....orders", "shop/orders.py", "shop/cart.py", "python", False),
        (".", "shop/orders.py", "shop/cart.py", "python", True),
        ("./orders", "web/orders.ts", "web/cart.ts", "typescript", True),
        ("./orders.js", "web/orders.ts", "web/cart.ts", "typescript", True),
        ("../orders", "web/orders/index.ts", "web/cart/row.ts", "typescript", True),
        ("./orders.service", "web/orders.service.ts", "web/cart.ts", "typescript", True),
        ("./orders", "app/orders.ts", "web/cart.ts", "typescript", False),
        ("@/orders", "web/orders.ts", "web/cart.ts", "typescript", True),
        ("github.com/x/shop/orders", "orders/cancel.go", "main.go", "go", True),
        ("github.com/x/shop/orders", "refunds/cancel.go", "main.go", "go", False),
        ("com.shop", "src/main/java/com/shop/Order.java", "A.java", "java", True),
        ("crate::orders", "src/orders.rs", "src/main.rs", "rust", True),
        ("crate::orders", "src/orders/mod.rs", "src/main.rs", "rust", True),
        ("shop/orders", "src/shop/orders.c", "main.c", "c", True),
        ("", "a.py", "b.py", "python", False),
    ],
)
def test_a_module_is_a_file_or_a_folder(
    module: str, path: str, importer: str, language: str, expected: bool
) -> None:
    """A module names the file, or a folder that hands on what its files define."""
    assert names_file(module, path, importer, language) is expected
