"""What credentials look like in text. Every repetition is bounded, so that time is linear in the length of the text.

Patterns that keep what stands before a secret name it `head`; `name` is what the secret is called, `value` the secret,
and `open` the quote around it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property

_QUOTED = (
    r"""(?P<open> \\? (?: \"{3} | '{3} | \" | ' ) ) (?P<value> (?: \\. | (?!(?P=open)) [^\n] ){1,4096}? ) (?P=open)"""
)
_PREFIX = r"[rRbBuUfF]{0,2}"
_BASE64 = r"[A-Za-z0-9+/_\-]"


class Shape:
    """A pattern that is compiled when it is first needed.

    All of them take as long as the rest of a command that finds nothing to do, and most texts need none.
    """

    def __init__(self, text: str, flags: int = 0) -> None:
        self._text, self._flags = text, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._text, re.VERBOSE | self._flags)

    def match(self, text: str) -> re.Match[str] | None:
        """Find it at the beginning of a text."""
        return self._compiled.match(text)

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """Find it anywhere in a text, or in a part of it."""
        return self._compiled.search(text, start, end)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield where it stands in a text."""
        return self._compiled.finditer(text)

    def sub(self, replace: Callable[[re.Match[str]], str], text: str) -> str:
        """Return a text with each place replaced."""
        return self._compiled.sub(replace, text)


PRIVATE_KEY = Shape(  # whole, or cut off after some lines
    r"""-----BEGIN[ ] (?P<kind> [A-Z0-9 ]{0,40} PRIVATE[ ]KEY (?:[ ]BLOCK)? ) -----
    (?: (?: (?! -----BEGIN ) . ){0,20000}? -----END[ ] (?P=kind) -----
      | (?: (?: \s | \\n | ["'] ){1,9} [A-Za-z0-9+/=]{16,200} ){1,500} )""",
    re.DOTALL,
)
TOKENS = Shape(  # prefix, alphabet and length as the issuers, GitHub's and GitLab's lists of patterns give them
    r"""(?<![A-Za-z0-9_]) (?:
      (?: AKIA | ASIA | ABIA | ACCA ) [A-Z0-9]{16} (?![A-Z0-9]) | ABSK [A-Za-z0-9+/]{100,300}    # Amazon
    | A (?: KCp [A-Za-z0-9]{60,80} | GE-SECRET-KEY-1 [0-9A-Z]{58} | TATT3 [\w\-=]{50,500}        # Artifactory, age
        | TCTT3 [\w\-=]{50,500} | 3-[A-Z0-9]{6}- [A-Z0-9\-]{26,40} | Iza [\w\-]{35} )            # Atlassian, Google
    | gh[oprsu]_ [A-Za-z0-9]{20,255} | github_pat_ \w{22,255}
    | gl (?: pat | dt | rt | ptt | ft | soat | cbt | imt | agent | oas | ffct ) - [\w.\-]{20,255} # GitLab
    | GR1348941 [\w\-]{20} | glsa_ [A-Za-z0-9]{32} _ [A-Fa-f0-9]{8} | glc_ [A-Za-z0-9+/]{32,400} # Grafana
    | xox[abeoprs]- [A-Za-z0-9-]{10,255} | xapp-\d- [A-Za-z0-9-]{10,255}               # Slack
    | xai- [A-Za-z0-9]{40,255} | xkeysib- [a-f0-9]{64} - [A-Za-z0-9]{16}               # Brevo
    | ya29\. [\w.\-]{20,1000} | GOCSPX- [\w\-]{20,60} | 1//0 [\w\-]{40,200}            # Google
    | [srp]k _ (?: live | test | prod ) _ [A-Za-z0-9]{10,255} | whsec_ [A-Za-z0-9+/=]{20,255}    # Stripe
    | hf_ [A-Za-z0-9]{20,255} | api_org_ [A-Za-z0-9]{20,255}                           # Hugging Face
    | gsk_ [A-Za-z0-9]{30,255} | r8_ [A-Za-z0-9]{30,255} | nvapi- [\w\-]{40,255} | napi_ [a-z0-9]{40,100}
    | pplx- [A-Za-z0-9]{30,255} | lsv2_ (?: pt | sk ) _ [a-f0-9_]{30,255} | tvly- [\w\-]{20,100}
    | jina_ [A-Za-z0-9]{40,100} | fw_ [A-Za-z0-9]{20,60} | pcsk_ \w{40,120} | fc- [a-f0-9]{32}
    | KGAT_ [a-f0-9]{30,255} | (?: dapi | dose | dkea ) [a-f0-9]{32} (?: -\d )?        # Kaggle, Databricks
    | npm_ [A-Za-z0-9]{30,255} | pypi- [\w\-]{32,1000} | rubygems_ [a-f0-9]{48} | dckr_ (?: pat | oat ) _ [\w\-]{20,255}
    | (?: ops_ )? eyJ [\w\-]{8,8000} \. [\w\-]{8,8000} \. [\w\-]{0,2000} | ops_eyJ [\w+/=]{100,9000}  # JSON web tokens
    | [sp]k\.eyJ [\w\-]{20,400} \. [\w\-]{16,60}                                       # Mapbox
    | SG\. [\w\-]{16,80} \. [\w\-]{16,80} | (?: SK | key- ) [a-f0-9]{32} (?![a-f0-9])  # SendGrid, Twilio, Mailgun
    | [a-f0-9]{32} -us\d{1,2} \b | sq0 (?: atp | csp ) - [\w\-]{22,60}                 # Mailchimp, Square
    | do[opr]_v1_ [a-f0-9]{64} | shp (?: at | ca | pa | ss ) _ [a-fA-F0-9]{32}         # DigitalOcean, Shopify
    | hv[bsr]\. [\w\-]{20,500} | dp\. (?: pt | st | sa | ct | scim | audit ) \. [A-Za-z0-9.]{30,100}  # Vault, Doppler
    | [A-Za-z0-9]{14} \.atlasv1\. [\w\-=]{60,70} | pul- [a-f0-9]{40} | HRKU-AA [\w\-]{58}  # Terraform, Pulumi, Heroku
    | fo1_ [\w\-]{43} | fm[12] [ar]?_ [A-Za-z0-9+/]{60,2000} | v1\.0- [a-f0-9]{24} - [a-f0-9]{146}  # Fly, Cloudflare
    | sbp_ [a-f0-9]{40} | sb_secret_ [\w\-]{20,60} | nfp_ [A-Za-z0-9]{36}
    | pscale_ (?: tkn | oauth | pw ) _ [\w=.\-]{32,64}
    | figd_ [\w\-]{30,255} | lin_api_ [A-Za-z0-9]{30,255} | ntn_ [A-Za-z0-9]{30,255} | secret_ [A-Za-z0-9]{43} \b
    | pat (?: [A-Za-z0-9]{14} \. [a-f0-9]{64} | -[a-z]{2}\d- [a-f0-9\-]{36} )          # Airtable, HubSpot
    | PMAK- [a-f0-9]{24} - [a-f0-9]{34} | sntry (?: s_ [\w+/=]{40,500} | u_ [a-f0-9]{64} )  # Postman, Sentry
    | dt0[a-z]\d\d \. [A-Z0-9]{24} \. [A-Z0-9]{64} | pn[ub]_ [A-Za-z0-9]{36}           # Dynatrace, Prefect
    | EAA [A-Za-z0-9]{60,400} | LTAI [A-Za-z0-9]{12,20} | NRAK- [A-Z0-9]{27}           # Meta, Alibaba, New Relic
    | [MNO] [\w\-]{23,27} \. [\w\-]{6} \. [\w\-]{27,38} | (?: bot )? \d{8,10} :AA [\w\-]{33}      # Discord, Telegram
    | EZ [AT] K [A-Za-z0-9]{54} | FLWSECK (?: _TEST )? - [a-h0-9]{12,32} | shippo_ (?: live | test ) _ [a-f0-9]{40}
    | duffel_ (?: live | test ) _ [\w\-=]{43} | rdme_ [a-z0-9]{70} | sgp_ [\w]{40,64} | sha256~ [\w\-]{43}
    | sl\. (?: u\. )? [\w\-]{80,1500}                                                # Dropbox
    | CCIPAT_ \w{20,80} | bkua_ [a-f0-9]{40} | CFPAT- [\w\-]{43} | tfp_ [\w\-.=]{59} | dd[ap]_ [a-f0-9]{32,40}
    )""",
    re.ASCII,
)
AZURE_SECRET = Shape(r"(?<![\w~.\-]) [\w~.]{3} \d Q~ [\w~.\-]{31,34} (?![\w~])", re.ASCII)
SK_TOKEN = Shape(r"(?<![A-Za-z0-9_]) (?P<head> sk- ) (?P<value> [\w\-]{20,255} )", re.ASCII)  # OpenAI, Anthropic
HOOK = Shape(
    r"""(?P<head> https://
      (?: hooks\.slack\.com/ (?: services | workflows | triggers )
        | (?: \w{1,20}\. )? discord (?:app)? \.com/api/webhooks ) / )
    (?P<value> [\w/\-]{10,300} )"""
)
USERINFO = Shape(
    r"""(?P<head> \b [A-Za-z] [A-Za-z0-9+.\-]{0,30} :// )
    (?P<user> [^\s/:@'"?\#]{0,256} ) (?P<password> : [^\s/'"]{1,512} )? @ (?= [\w.\[\-{%$<] )"""
)
QUERY = Shape(
    r"""(?P<head> [?&;\#] (?P<name> [\w\-.]{1,60} ) = (?: \{ ["'] )? )
    (?P<value> [^&\s"'\#;\\(]{1,4096} ) (?= [&\s"'\#;\\] | $ )"""
)
ASSIGNED = Shape(  # found from the quote on; the name before it is looked up by NAME_BEFORE
    rf"""(?P<head> (?: [=:] | => ) \s{{0,9}} \(? \s{{0,40}} {_PREFIX} )
    {_QUOTED} (?! [ \t]{{0,9}} , [ \t]{{0,9}} ["'] \[secret\] )"""
)
CALLED = Shape(
    rf"""(?P<head> \b (?: setenv | putenv | getenv | setdefault | get | set | add_header | setItem | config ) \(
        \s{{0,40}} ["'] (?P<name> [\w.\-]{{1,100}} ) ["'] \s{{0,9}} , \s{{0,40}} {_PREFIX} )
    {_QUOTED}"""
)
SETTER = Shape(
    rf"""(?P<head> \b (?: set | use | with | add | register ) _ (?P<name> \w{{1,60}} )
        \( \s{{0,40}} {_PREFIX} ) {_QUOTED}
    (?= \s{{0,9}} (?: \) | , \s{{0,9}} (?: \) | \w{{1,60}} \s? = ) ) )"""
)
LOGIN = Shape(
    rf"""(?P<head> \b login \( (?: \s{{0,9}} (?: key | token ) \s{{0,9}} = )? \s{{0,9}} )
    {_QUOTED} (?= \s{{0,9}} (?: \) | , \s{{0,9}} (?: \) | \w{{1,60}} \s? = ) ) )"""
)
PAIR = Shape(
    rf"""(?P<head> \b (?: (?: \w{{0,30}}_ )? auth \s{{0,9}} = \s{{0,9}} \(
          | (?: HTTP )? (?: Basic | Digest | Proxy ) Auth \( ) \s{{0,9}}
        (?: "[^"\n]{{0,200}}" | '[^'\n]{{0,200}}' | [\w.]{{1,99}} ) \s{{0,9}} , \s{{0,9}} )
    {_QUOTED}"""
)
UNPACKED = Shape(
    r"""^ (?P<names> [ \t]{0,40} [A-Za-z_]\w{0,60} (?: [ \t]{0,9} , [ \t]{0,9} [A-Za-z_]\w{0,60} ){1,9} ) [ \t]{0,9} =
    [ \t]{0,9} (?P<values> [^\n]{3,2000} ) $""",
    re.MULTILINE,
)
ITEM = Shape(r"""(?P<item> "[^"\n]*" | '[^'\n]*' | [\w.]+ ) [ \t]* (?: , | $ )""")
SHELL = Shape(
    r"""^ (?P<head> [+\-]? [ \t]{0,40} (?: [!%]{1,2} [ \t]{0,9} )?
        (?: (?P<word> env | set_env | export | set | setx | ENV ) [ \t]{1,9} )?
        (?P<name> [A-Za-z_]\w{0,99} ) (?P<between> = | [ \t]{1,9} ) )
    (?P<value> [^\s"'\#()\[\]{}$]{1,4096} (?<!,) ) (?= [ \t]{0,99} (?: $ | ; | && ) )""",
    re.MULTILINE,
)
OPTION = Shape(
    r"""(?P<head> (?<!\S) -- (?P<name> [A-Za-z] [\w\-]{1,60} ) (?: = | [ \t]{1,9} ) ["']? )
    (?P<value> [^\s"'\-] [^\s"']{0,4096} )"""
)
CURL_USER = Shape(
    r"""(?P<head> \b curl \b [^\n]{0,500}? \s (?: -u | --user ) [ =]? ["']? [^\s:"']{1,100} : )
    (?P<value> [^\s"']{1,500} )"""
)
ENVIRON = Shape(  # before a command: API_KEY=abc123 python train.py
    r"""(?<! [\w.] ) (?P<head> (?P<name> [A-Z] [A-Z0-9_]{2,99} ) = )
    (?P<value> [^\s"'\#()\[\]{}$;&|,]{4,4096} ) (?= [\s;&|] )"""
)
LINE = Shape(  # password=hunter2, as programs print it; code has spaces there, or a comma after it
    r"""^ (?P<head> [ \t]{0,40} (?P<name> [A-Za-z_] [\w.\-]{0,99} ) = )
    (?P<value> (?= [^\s]{0,99} \d ) [^\s"'()\[\]{},]{8,4096} ) (?= [ \t]{0,99} $ )""",
    re.MULTILINE,
)
SETTING = Shape(  # in files of settings: password = hunter2
    r"""^ (?P<head> [+\-]? [ \t]{0,40} (?P<name> [A-Za-z_] [\w.\-]{0,99} ) [ \t]{1,9} = [ \t]{0,9} )
    (?P<value> [^\s"'()\[\]{}]{4,4096} ) (?= [ \t]{0,99} $ )""",
    re.MULTILINE,
)
CLI_LOGIN = Shape(
    r"""(?P<head> \b (?: login | twine | sshpass | config [ ] set ) \b [^\n]{0,300}? \s -[pkv] [ \t=]{1,3} ["']? )
    (?P<value> [^\s"'\-] [^\s"']{5,4096} )"""
)
COMMAND = Shape(  # !tool config password abc123
    r"""(?P<head> (?<= \s ) (?P<name> [A-Za-z] [\w.\-]{1,60} ) [ \t]{1,3} )
    (?P<value> (?! \S{0,60} (?: pass | pw | secret | key | token ) \S{0,60} [ \t] ) [^\s"'\-] [^\s"']{3,500} )"""
)
COMMAND_LINE = Shape(r"^ [ \t]{0,40} [!%] [^\n]{1,2000}", re.MULTILINE)
CLI_KEY = Shape(r"""(?P<head> \b login [ \t]{1,3} (?: --\w+ [ \t]{1,3} )? ) (?P<value> [A-Za-z0-9_\-]{20,200} )""")
SQL = Shape(
    r"""(?P<head> \b (?: PASSWORD | IDENTIFIED [ ] BY ) \s{1,3} (?: = \s? )? )
    (?P<open> \\?' ) (?P<value> [^'\n]{1,200}? )
    (?P=open)""",
    re.IGNORECASE,
)
TOOL = Shape(
    r"""(?P<head> (?: \b 7z[ar]? \b [^\n]{0,200}? \s -p | \b openssl \b [^\n]{0,200}? \s -pass (?: in | out )? \s pass:
      | \b smbclient \b [^\n]{0,200}? \s -U [ ]? [\w.\\/]{1,60} % ) ["']? ) (?P<value> [^\s"'\-] [^\s"']{2,100} )"""
)
PROSE = Shape(  # in a comment or a text: the password for the server is hunter2
    r"""(?P<head> \b (?P<name> (?: [A-Za-z]{2,20} [ ] ){0,2} (?: password | passwd | passcode | passphrase | pwd | pw
          | secret | token | key ) )
        (?: [ ] (?: for | of | to | on ) [ ] [\w\-. ]{1,40}? )? (?P<verb> [ ]is:? | [ ]?(?: : | = | -> ) ) [ ]{1,3} )
    (?P<open> ["'`]? ) (?P<value> [^\s"'`,;()\[\]]{5,200} [^\s"'`,;.:!?()\[\]] ) (?P=open)""",
    re.IGNORECASE,
)
SUDO = Shape(
    r"""(?P<head> \becho [ ]{1,3} (?: -\w [ ]{1,3} )? ) (?P<open> ["']? ) (?P<value> [^\s"']{3,100} ) (?P=open)
    (?= \s{0,3} \| \s{0,3} sudo \b )"""
)
ZIP = Shape(
    r"""(?P<head> \b (?: un )? zip \b [^\n]{0,200}? \s -P [ ]{0,3} ["']? ) (?P<value> [^\s"'\-] [^\s"']{2,100} )"""
)
ELEMENT = Shape(r"""(?P<head> < (?P<name> [A-Za-z] [\w.\-]{1,60} ) > ) (?P<value> [^<>\n]{1,500} ) (?= </ )""")
ORACLE = Shape(r"""(?P<head> \b connect\( \s{0,9} ["'] [\w$]{1,60} / ) (?P<value> [^\s/@"']{1,200} ) (?= @ )""")
MYSQL = Shape(r"""(?P<head> \b mysql \w{0,20} \b [^\n]{0,200}? \s -p ) (?P<value> [^\s"'\-] [^\s"']{3,100} )""")
NETRC = Shape(
    r"""(?P<head> \b (?: login | user ) \s{1,9} \S{1,200} \s{1,9} password \s{1,9} ) (?P<value> \S{1,500} )"""
)
FIELD = Shape(  # a header in one string: "X-API-Key: abc123"
    r"""(?P<head> ["'] (?P<name> [A-Za-z] [\w\-]{1,60} ) : [ \t]{0,3} ) (?P<value> [^\s"']{4,4096} ) (?= ["'] )"""
)
KAGGLE = Shape(
    r"""(?P<head> "username" \s{0,9} : \s{0,9} "[^"\n]{0,100}" \s{0,9} , \s{0,9} "key" \s{0,9} : \s{0,9} " )
    (?P<value> [a-f0-9]{32} )"""
)
CDS = Shape(  # of the climate data store, for which a UUID is the key
    r"""(?P<head> \b key ["']? \s{0,9} [:=] \s{0,9} ["']? )
    (?P<value> (?: \d{1,9} : )? [0-9a-f]{8} - (?: [0-9a-f]{4} - ){3} [0-9a-f]{12} )"""
)
INLINE = Shape(  # inside of a string: "host=db password=hunter2"
    r"""(?P<head> (?: (?<=["']) | (?<=[\w"'\-.]\s) | (?<=-literal=) ) (?P<name> [A-Za-z_] [\w\-]{0,60} ) = )
    (?P<value> [^\s"'&;,()\[\]{}=$\\] [^\s"'&;,()\[\]{}\\]{0,500} ) (?! [\w(] )"""
)
YAML = Shape(
    r"""^ (?P<head> [+]? [ \t\-]{0,40} (?P<name> [A-Za-z] [\w\-.]{0,99} ) [ \t]{0,9} : [ \t]{1,9} )
    (?P<value> [^\s"'{}\[\](),:$]{6,500} ) (?= [ \t]{0,99} $ )""",
    re.MULTILINE,
)
HEADER = Shape(
    r"""(?P<head> \b (?: Proxy- )? Authorization \b ["']? \s{0,9} [:=,] \s{0,9} (?: [bruf]{0,2} ["'] )?
        (?: (?: Bearer | Basic | Token | Digest | Negotiate | ApiKey | AWS4-HMAC-SHA256 ) \s{1,9} )? )
    (?! (?: Bearer | Basic | Token | Digest | Negotiate | ApiKey ) \b )
    (?P<value> [^\s"'{}()\[\]]{4,4096} [^\n"'{}]{0,500} )""",
    re.IGNORECASE,
)
COOKIE = Shape(
    r"""(?P<head> \b (?: Set- )? Cookie: [ \t]{0,9} ) (?P<value> [^\n"'{}=]{1,200} = [^\n"'{}]{1,4096} )""",
    re.IGNORECASE,
)
BEARER = Shape(
    r"""(?P<head> \b Bearer [ \t]{1,9} ) (?P<value> (?= [^\s"']{0,99} \d ) [A-Za-z0-9._~+/\-]{8,4096} ={0,2} )""",
    re.IGNORECASE,
)
BASIC = Shape(r"(?P<head> \b Basic [ \t]{1,9} ) (?P<value> [A-Za-z0-9+/]{8,1000} ={0,2} )")

PUBLIC = Shape(
    r"-----BEGIN[ ] (?P<kind> [A-Z0-9 ]{0,40} (?: PUBLIC[ ]KEY | CERTIFICATE ) ) -----"
    r"[A-Za-z0-9+/=\\\s]{1,20000} -----END[ ] (?P=kind)"
)
OF_CLIENT = Shape(  # Client("user", "abc..."), keys = {"service": "abc..."}
    r"""\b keys [ ]? = [ ]? [{\[] | \b [A-Z] \w{0,60} \( [^()\n]{0,200}? ["'] [A-Za-z0-9_\-]{20,100} ["'] """
)

LONG = Shape(rf"(?<! [A-Za-z0-9+/_=\-.:%\\] ) {_BASE64}{{24,200}} ={{0,2}} (?! [A-Za-z0-9+/_=\-.%] )")
URL = Shape(r"""\b [A-Za-z] [A-Za-z0-9+.\-]{1,30} :// [^\s"'<>]{1,4096}""")
NAME_OF_VALUE = Shape(
    r"""( [A-Za-z_] [\w.\-]{0,60} ) ["']? \]? (?: \s{0,9} (?: [=:] | == | \( ) \s{0,9} | (?<= gdown | [ ]--id ) [ ] )
    [rbuf]{0,2} ["']? \Z"""
)
END_OF_CODE = Shape(r"[)\],] (?: [\s.)\],] | $ )")  # between two literals: f("Password: ") or "a"
NAME_BEFORE = Shape(
    r"""(?<![\w$]) (?P<name> [A-Za-z_] [\w.\-]{0,99} ) (?: \\?["'] )? \s{0,9} \]? \s{0,9}
    (?: : \s{0,9} (?P<type> [A-Za-z_] [\w.\[\]|,\ ]{0,60}? ) )? \s{0,9} [:=!]? \Z"""
)
IN_MAPPING = Shape(  # of column names to other names, types, functions
    r"""(?: \b (?: rename | astype | agg | aggregate | map | replace ) \( | \b (?: columns | dtypes? | schema
      | converters | mapper | index | labels | names | usecols | na_values ) ["']? \s{0,9} [=:] )
    \s{0,9} [^\n=()]{0,100} \Z"""
)

PLACEHOLDER = Shape(  # stands for a secret and is none
    r"""(?: (?i: bearer | basic | token | digest | apikey ) \s{1,3} )?
    (?: \W* | \[secret\] | .{0,12} (?: \.{3} | … ) .{0,6} | [*•.xX_\-]{3,} | <.*> | \[[^\]]*\]
    | [^{}]{0,8} \{.*\} [^{}]{0,8}
    | \$\{?\w+\}? | %\(?\w*\)?s? | %\w+%
    | (?i: none | null | true | false | yes | no | on | off | nan | str | string | text | object | category
         | int(?:eger)? | float
         | bool(?:ean)? | varchar.* | bytes | required | optional
         | base64 | utf-?8 | sha-?256 | hidden | redacted | removed | bearer | basic
         | digest | your[ _\-].* | (?: insert | enter | put | add | paste | type | replace | change ) [ _\-] .*
         | (?: example | dummy | fake ) (?: [ _\-] .* | key | token | password )?
         | my[_\-]? (?:[a-z]+[_\-]){0,4} (?:token|password|secret|key|pass)
         | empty | anonymous | not[ _\-]?(?:needed|required|used|set) | no[ _\-]?key .*
         | unused | n/?a | ollama | lm-studio | todo
         | .{0,60} [_\- ] here \W{0,20} | \W{0,20} your [ ] .* )
    | [a-z]{0,8} (?: [_\-] [a-z]{2,6} )? [_\-] [xX*.]{3,} ) $"""
)
ENVIRONMENT_NAME = Shape(r"[A-Z][A-Z0-9]* (?: _[A-Z0-9]+ )+ $")
PLACE = Shape(
    r"""(?: [~.]{0,2}/ | (?: vault | op | ssm | arn | env | file | secretsmanager | keyring | sops ) :
        | [A-Za-z]:\\ | [A-Za-z][\w+.\-]*:// )
    | .* \. (?: txt | json | ya?ml | toml | env | pem | key | csv | parquet | ipynb | py ) $"""
)


def compile_all() -> None:
    """Compile every shape now, for processes that are copied: what is compiled here, no copy has to compile."""
    for each in [*globals().values()]:
        if isinstance(each, Shape):
            each.match("")
