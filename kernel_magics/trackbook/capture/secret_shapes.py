"""What credentials look like in text. Every repetition is bounded, so that time is linear in the length of the text.

Patterns that keep what stands before a secret name it `head`; `name` is what the secret is called, `value` the secret,
and `open` the quote around it.
"""

from __future__ import annotations

import re

_QUOTED = (
    r"""(?P<open> \\? (?: \"{3} | '{3} | \" | ' ) ) (?P<value> (?: \\. | (?!(?P=open)) [^\n] ){1,4096}? ) (?P=open)"""
)
_PREFIX = r"[rRbBuUfF]{0,2}"
_BASE64 = r"[A-Za-z0-9+/_\-]"


def _pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(text, re.VERBOSE | flags)


PRIVATE_KEY = _pattern(  # whole, or cut off after some lines
    r"""-----BEGIN[ ] (?P<kind> [A-Z0-9 ]{0,40} PRIVATE[ ]KEY (?:[ ]BLOCK)? ) -----
    (?: (?: (?! -----BEGIN ) . ){0,20000}? -----END[ ] (?P=kind) -----
      | (?: (?: \s | \\n | ["'] ){1,9} [A-Za-z0-9+/=]{16,200} ){1,500} )""",
    re.DOTALL,
)
TOKENS = _pattern(
    r"""(?<![A-Za-z0-9_]) (?:
      (?: AKIA | ASIA | ABIA | ACCA ) [A-Z0-9]{16} (?![A-Z0-9])                      # Amazon
    | gh[oprsu]_ [A-Za-z0-9]{20,255} | github_pat_ \w{22,255}
    | gl (?: pat | dt | rt | ptt | ft | soat | cbt | imt | agent ) - [\w.\-]{20,255}    # GitLab
    | xox[abeoprs]- [A-Za-z0-9-]{10,255} | xapp-\d- [A-Za-z0-9-]{10,255}               # Slack
    | AIza [\w\-]{35} | ya29\. [\w.\-]{20,1000} | GOCSPX- [\w\-]{20,60}                # Google
    | (?: sk | rk ) _ (?: live | test ) _ [A-Za-z0-9]{10,255} | whsec_ [A-Za-z0-9+/=]{20,255}   # Stripe
    | hf_ [A-Za-z0-9]{20,255} | gsk_ [A-Za-z0-9]{30,255} | r8_ [A-Za-z0-9]{30,255} | nvapi- [\w\-]{40,255}
    | pplx- [A-Za-z0-9]{30,255} | xai- [A-Za-z0-9]{40,255} | lsv2_ (?: pt | sk ) _ [a-f0-9_]{30,255}
    | KGAT_ [a-f0-9]{30,255} | dapi [a-f0-9]{32} (?: -\d )?                            # Kaggle, Databricks
    | npm_ [A-Za-z0-9]{30,255} | pypi- [\w\-]{32,1000} | dckr_ (?: pat | oat ) _ [\w\-]{20,255}
    | eyJ [\w\-]{8,8000} \. [\w\-]{8,8000} \. [\w\-]{0,2000}                           # JSON web tokens
    | SG\. [\w\-]{16,80} \. [\w\-]{16,80} | (?: SK | key- ) [a-f0-9]{32} (?![a-f0-9])  # SendGrid, Twilio, Mailgun
    | do[opr]_v1_ [a-f0-9]{64} | shp (?: at | ca | pa | ss ) _ [a-fA-F0-9]{32}         # DigitalOcean, Shopify
    | hv[bsr]\. [\w\-]{20,500} | dp\. (?: pt | st | sa | ct ) \. [A-Za-z0-9.]{30,100}  # Vault, Doppler
    | ATATT3 [\w\-=]{50,500} | figd_ [\w\-]{30,255} | lin_api_ [A-Za-z0-9]{30,255} | ntn_ [A-Za-z0-9]{30,255}
    | NRAK- [A-Z0-9]{27} | AGE-SECRET-KEY-1 [0-9A-Z]{58} | \d{8,10} :AA [\w\-]{33}     # New Relic, age, Telegram
    )""",
    re.ASCII,
)
SK_TOKEN = _pattern(r"(?<![A-Za-z0-9_]) (?P<head> sk- ) (?P<value> [\w\-]{20,255} )", re.ASCII)  # OpenAI, Anthropic
HOOK = _pattern(
    r"""(?P<head> https://
      (?: hooks\.slack\.com/ (?: services | workflows | triggers )
        | (?: \w{1,20}\. )? discord (?:app)? \.com/api/webhooks ) / )
    (?P<value> [\w/\-]{10,300} )"""
)
USERINFO = _pattern(
    r"""(?P<head> \b [A-Za-z] [A-Za-z0-9+.\-]{0,30} :// )
    (?P<user> [^\s/:@'"?\#]{0,256} ) (?P<password> : [^\s/'"]{1,512} )? @ (?= [\w.\[\-] )"""
)
QUERY = _pattern(r"""(?P<head> [?&;\#] (?P<name> [\w\-.]{1,60} ) = ) (?P<value> [^&\s"'\#;\\]{1,4096} )""")
ASSIGNED = _pattern(  # found from the quote on; the name before it is looked up by NAME_BEFORE
    rf"""(?P<head> (?: [=:] | => ) \s{{0,9}} \(? \s{{0,40}} {_PREFIX} )
    {_QUOTED} (?! [ \t]{{0,9}} , [ \t]{{0,9}} ["'] \[secret\] )"""
)
CALLED = _pattern(
    rf"""(?P<head> \b (?: setenv | putenv | getenv | setdefault | get | set | add_header | setItem | config ) \(
        \s{{0,40}} ["'] (?P<name> [\w.\-]{{1,100}} ) ["'] \s{{0,9}} , \s{{0,40}} {_PREFIX} )
    {_QUOTED}"""
)
SETTER = _pattern(
    rf"""(?P<head> \b (?: set | use | with ) _ (?P<name> \w{{1,60}} ) \( \s{{0,40}} {_PREFIX} ) {_QUOTED}"""
)
LOGIN = _pattern(
    rf"""(?P<head> \b login \( (?: \s{{0,9}} (?: key | token ) \s{{0,9}} = )? \s{{0,9}} )
    {_QUOTED} (?= \s{{0,9}} [,)] )"""
)
PAIR = _pattern(
    rf"""(?P<head> \b (?: auth \s{{0,9}} = \s{{0,9}} \( | (?: HTTP )? (?: Basic | Digest | Proxy ) Auth \( ) \s{{0,9}}
        (?: "[^"\n]{{0,200}}" | '[^'\n]{{0,200}}' | [\w.]{{1,99}} ) \s{{0,9}} , \s{{0,9}} )
    {_QUOTED}"""
)
UNPACKED = _pattern(
    r"""^ (?P<names> [ \t]{0,40} [A-Za-z_]\w{0,60} (?: [ \t]{0,9} , [ \t]{0,9} [A-Za-z_]\w{0,60} ){1,9} ) [ \t]{0,9} =
    [ \t]{0,9} (?P<values> [^\n]{3,2000} ) $""",
    re.MULTILINE,
)
ITEM = _pattern(r"""(?P<item> "[^"\n]*" | '[^'\n]*' | [\w.]+ ) [ \t]* (?: , | $ )""")
SHELL = _pattern(
    r"""^ (?P<head> [ \t]{0,40} (?: [!%]{1,2} [ \t]{0,9} )?
        (?: (?P<word> env | set_env | export | set | setx | ENV ) [ \t]{1,9} )?
        (?P<name> [A-Za-z_]\w{0,99} ) (?P<between> = | [ \t]{1,9} ) )
    (?P<value> [^\s"'\#()\[\]{}$]{1,4096} ) (?= [ \t]{0,99} (?: $ | ; | && ) )""",
    re.MULTILINE,
)
OPTION = _pattern(
    r"""(?P<head> (?<!\S) -- (?P<name> [A-Za-z] [\w\-]{1,60} ) (?: = | [ \t]{1,9} ) ["']? )
    (?P<value> [^\s"'\-] [^\s"']{0,4096} )"""
)
CURL_USER = _pattern(
    r"""(?P<head> \b curl \b [^\n]{0,500}? \s (?: -u | --user ) [ =]? ["']? [^\s:"']{1,100} : )
    (?P<value> [^\s"']{1,500} )"""
)
INLINE = _pattern(  # inside of a string: "host=db password=hunter2"
    r"""(?P<head> (?: (?<=["']) | (?<=[\w"'\-.]\s) ) (?P<name> [A-Za-z_] [\w\-]{0,60} ) = )
    (?P<value> [^\s"'&;,()\[\]{}=$\\] [^\s"'&;,()\[\]{}\\]{0,500} )"""
)
YAML = _pattern(
    r"""^ (?P<head> [ \t\-]{0,40} (?P<name> [A-Za-z] [\w\-.]{0,99} ) [ \t]{0,9} : [ \t]{1,9} )
    (?P<value> [^\s"'{}\[\](),:$]{6,500} ) (?= [ \t]{0,99} $ )""",
    re.MULTILINE,
)
HEADER = _pattern(
    r"""(?P<head> \b (?: Proxy- )? Authorization \b ["']? \s{0,9} [:=,] \s{0,9} [bruf]{0,2} ["']?
        (?: (?: Bearer | Basic | Token | Digest | Negotiate | ApiKey | AWS4-HMAC-SHA256 ) \s{1,9} )? )
    (?P<value> [^\s"'{}()\[\]]{4,4096} [^\n"'{}]{0,500} )""",
    re.IGNORECASE,
)
COOKIE = _pattern(
    r"""(?P<head> \b (?: Set- )? Cookie: [ \t]{0,9} ) (?P<value> [^\n"'{}=]{1,200} = [^\n"'{}]{1,4096} )""",
    re.IGNORECASE,
)
BEARER = _pattern(
    r"""(?P<head> \b Bearer [ \t]{1,9} ) (?P<value> (?= [^\s"']{0,99} \d ) [A-Za-z0-9._~+/\-]{8,4096} ={0,2} )""",
    re.IGNORECASE,
)
BASIC = _pattern(r"(?P<head> \b Basic [ \t]{1,9} ) (?P<value> [A-Za-z0-9+/]{8,1000} ={0,2} )")

LONG = _pattern(rf"(?<! [A-Za-z0-9+/_=\-.:%\\] ) {_BASE64}{{24,200}} ={{0,2}} (?! [A-Za-z0-9+/_=\-.%] )")
URL = _pattern(r"""\b [A-Za-z] [A-Za-z0-9+.\-]{1,30} :// [^\s"'<>]{1,4096}""")
NAME_OF_VALUE = _pattern(
    r"""( [A-Za-z_] [\w.\-]{0,60} ) ["']? \]? \s{0,9} (?: [=:] | == ) \s{0,9} [rbuf]{0,2} ["']? \Z"""
)
NAME_BEFORE = _pattern(
    r"""(?<![\w$]) (?P<name> [A-Za-z_] [\w.\-]{0,99} ) (?: \\?["'] )? \s{0,9} \]? \s{0,9}
    (?: : \s{0,9} [A-Za-z_] [\w.\[\]|,\ ]{0,60}? )? \s{0,9} [:=!]? \Z"""
)

PLACEHOLDER = _pattern(  # stands for a secret and is none
    r"""(?: \W* | \[secret\] | [*•.xX_\-]{3,} | <[^>]*> | \[[^\]]*\] | \{.*\} | \$\{?\w+\}? | %\(?\w*\)?s? | %\w+%
    | (?i: none | null | true | false | nan | str | string | required | optional | your[ _\-].*
         | my[_\-]?(?:token|password|secret|key) ) ) $"""
)
ENVIRONMENT_NAME = _pattern(r"[A-Z][A-Z0-9]* (?: _[A-Z0-9]+ )+ $")
PLACE = _pattern(
    r"""(?: [~.]{0,2}/ | [A-Za-z]:\\ | [A-Za-z][\w+.\-]*:// )
    | .* \. (?: txt | json | ya?ml | toml | env | pem | key | csv | parquet | ipynb | py ) $"""
)
