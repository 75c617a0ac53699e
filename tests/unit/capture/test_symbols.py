"""The static side: what statements read, bind, touch and call, and IPython's dialect turned into Python."""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.symbols import Access, accesses, mentions, parse_cell
from trackbook.capture.syntax import root_names


def access_of(source: str, *, shallow: bool = False) -> Access:
    (statement,) = parse_cell(source).body
    return accesses(statement, shallow=shallow)


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


@pytest.mark.parametrize(
    ("source", "reads", "binds"),
    [
        ("x = y + z", "y z", "x"),
        ("x: int = y", "int y", "x"),
        ("x: int", "int", ""),
        ("x += y", "x y", "x"),
        ("a, *b = c", "c", "a b"),
        ("a = b = c", "c", "a b"),
        ("x[i] = v", "x i v", ""),
        ("x.a.b = v", "x v", ""),
        ("del x", "", "x"),
        ("del x[i]", "x i", ""),
        ("import a.b.c", "", "a"),
        ("import a.b as c, d", "", "c d"),
        ("from m import a, b as c", "", "a c"),
        ("if (n := f(x)) > 2: y = n", "f x n", "n y"),
        ("[x for x in xs if x > low]", "xs low", ""),
        ("[x for x in x]", "x", ""),
        ("[y for x in xs for y in x.items]", "xs", ""),
        ("{k: v * s for k, v in d.items()}", "d s", ""),
        ("any((hit := n) > 3 for n in ns)", "any ns", "hit"),
        ("f = lambda a, b=c, *d, e, **g: a + b + d + e + g + h", "c h", "f"),
        ("def f(a, b=c): return a + d", "c", "f"),
        ("async def f(a: T = c) -> R: return d", "c T R", "f"),
        ("class A(B, metaclass=M): x = y; z = x", "B M y", "A"),
        ("class A:\n    x = x", "x", "A"),
        ("class A:\n    def f(self, a=k): return g", "k", "A"),
        ("@register\nclass A: pass", "register", "A"),
        ("for i, x in enumerate(xs): print(i)", "enumerate xs print i", "i x"),
        ("with open(p) as f, lock: t = f", "open p lock f", "f t"),
        ("try: a = 1\nexcept E as e: b = e\nelse: c = 2\nfinally: d = 3", "E e", "a e b c d"),
        (
            "match p:\n case {'k': v, **rest}: pass\n case [a, *b] if g: pass\n case C(x=1) as w: pass",
            "p g C",
            "v rest a b w",
        ),
        ("print(f'{x:{w}}')", "print x w", ""),
        ("x = await g(y)", "g y", "x"),
        ("df.query('age > @limit and @low < 3')", "df limit low", ""),
        ("global x", "", ""),
    ],
)
def test_reads_and_binds_follow_the_scopes_of_python(source: str, reads: str, binds: str) -> None:
    access = access_of(source)

    assert (access.reads, access.binds) == (names(reads), names(binds))


@pytest.mark.parametrize(
    ("source", "touches", "calls"),
    [
        ("x = y", "", ""),
        ("x += y", "x", ""),
        ("d['k'] = v", "d", ""),
        ("d['a']['b'] += v", "d", ""),
        ("a.b.c = v", "a", ""),
        ("a.b().c = v", "a", "a"),
        ("del d['k']", "d", ""),
        ("xs.append(y)", "xs y", "xs"),
        ("f(x, *ys, k=z)", "x ys z", "f"),
        ("f([x, {'k': (y,)}])", "x y", "f"),
        ("f(g(x))", "g x", "f g"),
        ("map(lambda a: a + k, xs)", "k xs", "map"),
        ("(a or b).append(1)", "a b", "a b"),
        ("df.groupby('a')['b'].transform(f)", "df f", "df"),
        ("for x in it: pass", "it", ""),
        ("a, b = it", "it", ""),
        ("[*it]", "it", ""),
        ("3 in it", "it", ""),
        ("[x for x in it]", "it", ""),
        ("with cm: pass", "cm", ""),
        ("@app.cell\ndef f(): pass", "app", "app"),
        ("del x", "", ""),
    ],
)
def test_touches_name_what_may_change_in_place(source: str, touches: str, calls: str) -> None:
    access = access_of(source)

    assert (access.touches, access.calls) == (names(touches), names(calls))


@pytest.mark.parametrize(
    "source",
    [
        "exec(code)",
        "eval('x')",
        "globals()['x'] = 1",
        "locals()",
        "vars()",
        "from m import *",
        "get_ipython().run_line_magic('run', 'a.py')",
        "import __main__",
        "sys.modules['__main__'].x = 1",
        "list(map(eval, texts))",
        "%run script.py",
        "%unknown x",
        "x = %unknown",
        "%%unknown\nnot python at all",
        "%reset -f",
    ],
)
def test_code_that_may_do_anything_is_opaque(source: str) -> None:
    assert access_of(source).is_opaque


@pytest.mark.parametrize(
    "source",
    [
        "vars(args)",
        "__name__ == '__main__'",
        "df.eval('c = a + b')",
        "%matplotlib inline",
        "%load_ext trackbook",
        "%track start try",
        "!ls",
        "df?",
        "??df.head",
        "%config InlineBackend.figure_format = 'retina'",
        "%pip install x",
        "pip install x",
        "%%bash\nrm $x",
        "%%writefile a.py\nimport z",
        "%%html\n<b>",
    ],
)
def test_code_that_leaves_the_namespace_alone_is_not_opaque(source: str) -> None:
    assert not access_of(source).is_opaque


@pytest.mark.parametrize(
    ("source", "reads", "binds"),
    [
        ("for i in range(n):\n    x = y", "range n", "i"),
        ("while i < n:\n    i += 1", "i n", ""),
        ("if a:\n    b = c", "a", ""),
        ("with open(p) as f:\n    x = f.read()", "open p", "f"),
        ("try:\n    a = b\nexcept E as e:\n    c = d", "E", "e"),
        ("@deco\ndef f(a=b):\n    return c", "deco b", "f"),
        ("class A(B):\n    x = y", "B", "A"),
        ("match p:\n    case [a, b] if c:\n        d = e", "p c", "a b"),
        ("x = y", "y", "x"),
    ],
)
def test_shallow_sees_the_header_only(source: str, reads: str, binds: str) -> None:
    access = access_of(source, shallow=True)

    assert (access.reads, access.binds) == (names(reads), names(binds))


def test_mentions_look_into_the_functions_that_a_cell_defines() -> None:
    module = parse_cell("def f(a):\n    global made\n    made = a\n    local = 1\n    seen.append(local)\n")

    access = mentions(module)

    assert access.reads == {"seen"}
    assert access.binds == {"f", "made"}
    assert access.touches == {"seen"}


def test_mentions_of_a_method_do_not_see_the_names_of_its_class() -> None:
    access = mentions(parse_cell("class A:\n    data = []\n    def f(self):\n        data.append(1)\n"))

    assert "data" in access.touches


def test_roots_of_an_expression() -> None:
    node = ast.parse("(a.b[0] if c else d)(e).f", mode="eval").body

    assert root_names(node) == {"a", "d"}


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%time x = f(a)", "x = f(a)"),
        ("x = %time f(a)", "x = f(a)"),
        ("%prun -l 5 -s cumulative f(a)", "f(a)"),
        ("%%time\nx = 1", "x = 1"),
        ("%%capture out --no-stderr\nx = 1", "out = __trackbook_magic__()\nx = 1"),
        ("%%capture --no-stderr\nx = 1", "x = 1"),
        ("%%capture\n%%time\nx = 1", "x = 1"),
        ("%%track\nx = 1", "x = 1"),
        ("files = !ls {folder}/$name", "files = __trackbook_magic__(folder, name)"),
        ("!echo {a + b}", "__trackbook_magic__(a + b)"),
        ("if a:\n    !ls\n    %time b = 1", "if a:\n    __trackbook_magic__()\n    b = 1"),
        ("%%bash --out lines\necho hi", "lines = __trackbook_magic__()"),
        (">>> a = 1\n>>> b = 2", "a = 1\nb = 2"),
        ("In [3]: a = 1\n   ...: b = 2", "a = 1\nb = 2"),
        ("    a = 1\n    b = 2", "a = 1\nb = 2"),
        ("a = b %c", "a = b % c"),
        ("print('a=%s' % a)", "print('a=%s' % a)"),
        ("t = '''\n%time x\n!ls\n'''", "t = '\\n%time x\\n!ls\\n'"),
        ("x = f(a,\n      b) \\\n    %c", "x = f(a, b) % c"),
        ("x = 1  # it's fine\n%time y = 2", "x = 1\ny = 2"),
        ("x = 'it\\'s'\n%time y = 2", 'x = "it\'s"\ny = 2'),
        ("", ""),
        ("# only a comment", ""),
    ],
)
def test_the_dialect_of_ipython_becomes_python(source: str, python: str) -> None:
    assert ast.unparse(parse_cell(source)) == python


@pytest.mark.parametrize(
    "source", ["%timeit -n 5 xs.append(k)", "%%timeit -n 5\nxs.append(k)\ny = 1", "%%timeit k = 1\nxs.append(0)"]
)
def test_timeit_touches_but_binds_nothing(source: str) -> None:
    access = mentions(parse_cell(source))

    assert access.binds == frozenset()
    assert "xs" in access.touches


@pytest.mark.parametrize(
    "source",
    [
        "%%time\n\n\nhere = 1",
        "x = '''\n\n'''\nhere = 1",
        "!a \\\n b \\\n c\nhere = 1",
        "%%timeit\na\nb\nhere = 1",
        "\n\n%time 1\nhere = 1",
    ],
)
def test_nodes_keep_the_line_numbers_of_the_cell(source: str) -> None:
    tree = parse_cell(source)

    (line,) = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "here"}
    assert source.split("\n")[line - 1] == "here = 1"


def test_a_syntax_error_names_its_line() -> None:
    with pytest.raises(SyntaxError) as caught:
        parse_cell("%%time\na = 1\nb = = 2\n")

    assert caught.value.lineno == 3


def test_parsing_shows_no_warning_and_keeps_the_filters() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        before = list(warnings.filters)

        parse_cell("pattern = '\\d'")

        assert warnings.filters == before
    assert shown == []


def test_the_analysis_needs_neither_ipython_nor_pandas() -> None:
    code = "import sys, trackbook.capture.namespace; print({'IPython', 'pandas', 'numpy'} & set(sys.modules))"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "set()"


_lines = st.sampled_from(
    [
        "x = 1",
        "%time y = x",
        "!ls {x}",
        "z = !pwd",
        "s = '''",
        "'''",
        "f(",
        ")",
        "# don't",
        "y?",
        "%%time",
        "if x:",
        "    x",
        "\\",
        '"""',
        "\t",
        "a = [",
        "]",
    ]
)


@given(st.lists(_lines, max_size=8).map("\n".join))
def test_any_text_gives_a_tree_or_a_syntax_error(source: str) -> None:
    try:
        tree = parse_cell(source)
    except SyntaxError:
        return

    last = max((node.end_lineno or 0 for node in tree.body), default=0)
    assert last <= source.count("\n") + 2
    assert mentions(tree).reads <= {"x", "y", "f", "z", "s", "a"}
