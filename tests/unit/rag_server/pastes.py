"""What people paste: for each language a trace or a message, its places in order, and its messages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paste:
    """A pasted text and what it says: `path:line symbol` of each frame, deepest first."""

    text: str
    frames: tuple[str, ...]
    message: str


PYTHON_CHAINED = Paste(
    """\
Traceback (most recent call last):
  File "/app/shop/stock.py", line 9, in count
    return self.rows[sku]
           ~~~~~~~~~^^^^^
KeyError: 'A-1'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    run()
  File "/app/shop/orders.py", line 20, in place
    raise Rejected("no stock") from error
shop.errors.Rejected: no stock
""",
    ("/app/shop/stock.py:9 count", "/app/shop/orders.py:20 place", "/app/main.py:3 "),
    "shop.errors.Rejected: no stock",
)
PYTHON_GROUP = Paste(
    """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/main.py", line 30, in main
  |     async with asyncio.TaskGroup() as group:
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/shop/stock.py", line 9, in count
    |     return self.rows[sku]
    | KeyError: 'A-1'
    +------------------------------------
""",
    ("/app/shop/stock.py:9 count", "/app/main.py:30 main"),
    "KeyError: 'A-1'",
)
PYTEST = Paste(
    """\
    def test_count():
>       assert count("A-1") == 1

tests/test_stock.py:12:
_ _ _ _ _ _ _ _ _ _
tests/test_stock.py:12: in test_count
    assert count("A-1") == 1
shop/stock.py:9: KeyError
E   KeyError: 'A-1'
=========== short test summary info ===========
FAILED tests/test_stock.py::test_count - KeyError: 'A-1'
""",
    ("shop/stock.py:9 ", "tests/test_stock.py:12 test_count"),
    "FAILED tests/test_stock.py::test_count - KeyError: 'A-1'",
)
NODE = Paste(
    """\
/app/lib/stock.js:10
    throw new RangeError('No such item: ' + sku);
    ^

RangeError: No such item: A-1
    at Stock.count (/app/lib/stock.js:10:11)
    at async place (file:///app/lib/orders.mjs:4:5)
    at /app/lib/index.js:7:3
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
""",
    (
        "/app/lib/stock.js:10 count",
        "file:///app/lib/orders.mjs:4 place",
        "/app/lib/index.js:7 ",
        "node:internal/process/task_queues:95 processTicksAndRejections",
    ),
    "RangeError: No such item: A-1",
)
BROWSER = Paste(
    """\
Uncaught TypeError: stock is undefined
    count@webpack://shop/./src/stock.ts:10:11
    onClick@http://localhost:3000/static/orders.js?v=3:4:5
""",
    ("webpack://shop/./src/stock.ts:10 count", "http://localhost:3000/static/orders.js?v=3:4 onClick"),
    "Uncaught TypeError: stock is undefined",
)
JAVA = Paste(
    """\
Exception in thread "main" com.shop.OrderFailed: order 17 failed
	at com.shop.Orders.place(Orders.java:20)
	at java.base/java.lang.Thread.run(Thread.java:833)
Caused by: java.lang.IllegalStateException: no stock for A-1
	at com.shop.stock.Stock$Shelf.lambda$count$0(Stock.java:9)
	at java.base/java.util.ArrayList.forEach(Unknown Source)
	... 12 more
""",
    (
        "com/shop/stock/Stock.java:9 count",
        "com/shop/Orders.java:20 place",
        "java/lang/Thread.java:833 run",
    ),
    "Caused by: java.lang.IllegalStateException: no stock for A-1",
)
KOTLIN = Paste(
    """\
Exception in thread "main" kotlin.KotlinNullPointerException
	at com.shop.StockKt.count(Stock.kt:9)
	at com.shop.MainKt.main(Main.kt:3)
""",
    ("com/shop/Stock.kt:9 count", "com/shop/Main.kt:3 main"),
    'Exception in thread "main" kotlin.KotlinNullPointerException',
)
GO_PANIC = Paste(
    """\
panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
example.com/shop/stock.(*Shelf).Count.func1({0xc000012345, 0x3})
	/home/ann/shop/stock/shelf.go:42 +0x1d
main.main()
	/home/ann/shop/main.go:12 +0x85
exit status 2
""",
    ("/home/ann/shop/stock/shelf.go:42 Count", "/home/ann/shop/main.go:12 main"),
    "panic: runtime error: index out of range [3] with length 3",
)
GO_VET = Paste(
    "# example.com/shop/stock\nstock/shelf.go:12:3: undefined: cuont\n",
    ("stock/shelf.go:12 ",),
    "undefined: cuont",
)
RUST_PANIC = Paste(
    """\
thread 'main' panicked at src/stock.rs:4:5:
index out of bounds: the len is 3 but the index is 3
stack backtrace:
   0: rust_begin_unwind
             at /rustc/9fc6b431/library/std/src/panicking.rs:617:5
   1: shop::orders::place::h0123456789abcdef
             at ./src/orders.rs:12:9
note: run with `RUST_BACKTRACE=full` for a verbose backtrace.
""",
    (
        "src/stock.rs:4 ",
        "/rustc/9fc6b431/library/std/src/panicking.rs:617 rust_begin_unwind",
        "./src/orders.rs:12 place",
    ),
    "index out of bounds: the len is 3 but the index is 3",
)
RUSTC = Paste(
    """\
error[E0382]: borrow of moved value: `order`
  --> src/orders.rs:12:9
   |
12 |     place(order);
   |           ^^^^^ value moved here
""",
    ("src/orders.rs:12 ",),
    "error[E0382]: borrow of moved value: `order`",
)
GCC = Paste(
    """\
src/stock.c: In function 'count':
src/stock.c:9:12: error: 'rows' undeclared (first use in this function)
    9 |     return rows[sku];
      |            ^~~~
""",
    ("src/stock.c:9 ",),
    "error: 'rows' undeclared (first use in this function)",
)
GDB = Paste(
    """\
Program received signal SIGSEGV, Segmentation fault.
#0  0x00005555 in count (sku=0x0) at src/stock.c:9
#1  0x00005566 in main () at src/main.c:3
""",
    ("src/stock.c:9 count", "src/main.c:3 main"),
    "",
)
TSC = Paste(
    "src/orders.ts(3,5): error TS2345: Argument of type 'string' is not assignable.\n$ tsc failed\n",
    ("src/orders.ts:3 ",),
    "error TS2345: Argument of type 'string' is not assignable.",
)
CSHARP = Paste(
    """\
Unhandled exception. Shop.OrderFailed: order 17 failed
 ---> System.InvalidOperationException: no stock
   at Shop.Stock.Count(String sku) in C:\\src\\Shop\\Stock.cs:line 9
   --- End of inner exception stack trace ---
   at Shop.Orders.<Place>d__3.MoveNext() in C:\\src\\Shop\\Orders.cs:line 20
""",
    ("C:\\src\\Shop\\Stock.cs:9 Count", "C:\\src\\Shop\\Orders.cs:20 Place"),
    "System.InvalidOperationException: no stock",
)
RUBY = Paste(
    """\
/srv/shop/lib/stock.rb:9:in `count': no stock for A-1 (Shop::OutOfStock)
	from /srv/shop/lib/orders.rb:20:in `block in place'
	from /srv/shop/bin/shop:3:in `<main>'
""",
    ("/srv/shop/lib/stock.rb:9 count", "/srv/shop/lib/orders.rb:20 place", "/srv/shop/bin/shop:3 main"),
    "no stock for A-1 (Shop::OutOfStock)",
)
PHP = Paste(
    """\
PHP Fatal error:  Uncaught RuntimeException: no stock for A-1 in /srv/shop/src/Stock.php:9
Stack trace:
#0 /srv/shop/src/Orders.php(20): Shop\\Stock->count()
#1 {main}
  thrown in /srv/shop/src/Stock.php on line 9
""",
    ("/srv/shop/src/Stock.php:9 ", "/srv/shop/src/Orders.php:20 "),
    "PHP Fatal error:  Uncaught RuntimeException: no stock for A-1 in /srv/shop/src/Stock.php:9",
)
ESLINT = Paste(
    """\
/home/ann/shop/src/orders.js
  12:5  error  'order' is not defined  no-undef

1 problem
""",
    ("/home/ann/shop/src/orders.js:12 ",),
    "'order' is not defined  no-undef",
)
LOGGED = Paste(
    """\
2024-05-01 12:00:01,123 ERROR [shop.stock] stock.py:9 - no stock for A-1
2024-05-01 12:00:02 INFO done
""",
    ("stock.py:9 ",),
    "2024-05-01 12:00:02 INFO done",
)

PASTES = {name.lower(): value for name, value in dict(globals()).items() if isinstance(value, Paste)}
