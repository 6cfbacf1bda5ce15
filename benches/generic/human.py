#!/usr/bin/env python3
"""Makes files with passwords as people type them, and the same files with what is none.

usage: human.py OUT [--seed N] [--files N]       writes files below OUT/tree and OUT/labels.jsonl
       human.py OUT --score FINDINGS.jsonl       recall, and the share of false ones

Nothing is stored: passwords are drawn from common words, years and the keyboard. With an even seed
the words come from one half of the list, with an odd seed from the other.
"""
import argparse, json, os, random

WORDS = """summer winter spring autumn monkey dragon football baseball sunshine princess shadow master
superman batman michael jennifer jordan hunter ranger buster soccer hockey george charlie andrew
pepper ginger cookie banana orange cherry purple yellow silver golden diamond thunder lightning
mountain river ocean forest garden flower butterfly tiger eagle falcon panther wolf bear rabbit
chicken turtle dolphin penguin elephant giraffe coffee chocolate vanilla whiskey guitar piano violin
trumpet rocket galaxy saturn jupiter mercury phoenix unicorn wizard knight castle kingdom warrior
pirate ninja samurai london paris berlin madrid dublin oslo vienna moscow tokyo sydney boston denver
dallas austin houston chicago arsenal chelsea liverpool barcelona juventus yankees lakers steelers
freedom liberty justice harmony spirit angel heaven heart lovely sweet happy lucky magic dream
friday monday october december january blue green black white red hammer anchor arrow bridge candle
carpet cloud copper corner cotton desert engine fabric farmer fender finger frozen harbor helmet
island jacket jungle kitten ladder lemon magnet marble meadow mirror needle nickel oyster paddle
pebble pencil pepsi pillow planet pocket potato puzzle ribbon saddle salmon shovel sierra sketch
spider stable sunset thomas ticket timber toffee tomato tunnel turkey velvet vessel violet walnut
window winner yogurt zipper""".split()
WALKS = ["qwerty", "qwertyuiop", "asdfgh", "asdfghjkl", "zxcvbnm", "1qaz2wsx", "qazwsx", "1q2w3e4r",
         "zaq12wsx", "qweasd", "qweasdzxc", "poiuytrewq", "!QAZ2wsx", "1qazxsw2", "q1w2e3r4"]
LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})
LEET2 = str.maketrans({"a": "@", "e": "3", "i": "!", "o": "0", "s": "$"})


def password(r, words, quiet):
    """One password. `quiet` keeps to characters that no syntax must escape."""
    symbols = "!_.-" if quiet else "!@#_.-*"
    word = lambda: r.choice(words)
    way = r.randrange(6)
    if way == 0:
        return word() + str(r.choice([r.randrange(1, 100), r.randrange(100, 1000), r.randrange(1950, 2026)]))
    if way == 1:
        return word().capitalize() + r.choice(symbols) + str(r.randrange(1990, 2026))
    if way == 2:
        plain = word() + r.choice(["", str(r.randrange(1, 99))])
        table = LEET if quiet else r.choice([LEET, LEET2])
        told = plain.translate(table)
        return told if told != plain else plain.capitalize() + "1"
    if way == 3:
        joint = r.choice(["", "", "-", "_"])
        return joint.join(r.sample(words, 2))
    if way == 4:
        walk = r.choice(WALKS)
        return (walk if not quiet else walk.replace("!", "1")) + r.choice(["", "123", "!", "12", "2020"])
    return word().capitalize() + str(r.randrange(10, 1000)) + r.choice(symbols)


# Name of the file, the lines around it, how a value is written, and how what is none may look.
# {P} stands for the password, {U} for a user's name, {N} for a name that says password.
NAMES = ["password", "db_password", "DB_PASSWORD", "dbPassword", "passwd", "adminPassword", "smtp_password",
         "REDIS_PASSWORD", "user_pass", "rootPassword", "MYSQL_ROOT_PASSWORD", "ldap_password", "mail.password"]
SNAKE = [n for n in NAMES if n.islower() and "." not in n]
UPPER = [n for n in NAMES if n.isupper()]
CAMEL = ["password", "dbPassword", "adminPassword", "rootPassword", "smtpPassword", "userPassword"]
SYNTAX = [
    ("yaml", "config/app.yml", "database:\n  host: db\n  user: {U}\n  {N}: {P}\n  port: 5432\n", SNAKE),
    ("yaml-quoted", "deploy/values.yaml", "mail:\n  host: mail\n  {N}: \"{P}\"\n", CAMEL),
    ("properties", "src/main/resources/application.properties", "spring.datasource.username={U}\nspring.datasource.password={P}\n", SNAKE),
    ("env", ".env", "DB_HOST=db\nDB_USER={U}\n{N}={P}\n", UPPER),
    ("python", "app/settings.py", "import os\n\nUSER = '{U}'\n{N} = '{P}'\n", SNAKE + UPPER),
    ("python-call", "app/db.py", "conn = psycopg2.connect(host='db', user='{U}', password='{P}')\n", SNAKE),
    ("javascript", "src/config.js", "module.exports = {{\n  user: '{U}',\n  {N}: '{P}',\n}};\n", CAMEL),
    ("java", "src/Db.java", "public class Db {{\n    private static final String {N} = \"{P}\";\n}}\n", CAMEL + UPPER),
    ("go-dsn", "main.go", "package main\n\nvar dsn = \"postgres://{U}:{P}@db.internal:5432/app\"\n", SNAKE),
    ("url", "config/queue.conf", "broker_url = amqp://{U}:{P}@rabbit:5672/vhost\n", SNAKE),
    ("mysql", "scripts/dump.sh", "#!/bin/sh\nmysqldump -h db -u {U} -p{P} app > dump.sql\n", SNAKE),
    ("curl", "scripts/push.sh", "#!/bin/sh\ncurl -u {U}:{P} https://ci.internal/job/build\n", SNAKE),
    ("compose", "docker-compose.yml", "services:\n  db:\n    image: mysql\n    environment:\n      - MYSQL_USER={U}\n      - {N}={P}\n", UPPER),
    ("web.config", "web.config", "<configuration>\n  <connectionStrings>\n    <add name=\"Main\" connectionString=\"Server=db;Database=app;User Id={U};Password={P};\" />\n  </connectionStrings>\n</configuration>\n", SNAKE),
    ("sql", "db/users.sql", "CREATE USER '{U}'@'%' IDENTIFIED BY '{P}';\n", SNAKE),
    ("xml", "conf/server.xml", "<server>\n  <username>{U}</username>\n  <{N}>{P}</{N}>\n</server>\n", CAMEL),
    ("ini", "setup.ini", "[database]\nuser = {U}\n{N} = {P}\n", SNAKE),
    ("terraform", "main.tf", "resource \"aws_db_instance\" \"main\" {{\n  username = \"{U}\"\n  password = \"{P}\"\n}}\n", SNAKE),
    ("json", "config/app.json", "{{\n  \"user\": \"{U}\",\n  \"{N}\": \"{P}\"\n}}\n", CAMEL + SNAKE),
    ("dockerfile", "Dockerfile", "FROM postgres\nENV POSTGRES_USER={U}\nENV {N}={P}\n", UPPER),
    ("toml", "app.toml", "[database]\nuser = \"{U}\"\n{N} = \"{P}\"\n", SNAKE),
    ("ruby", "config/initializers/db.rb", "Db.configure do |c|\n  c.user = '{U}'\n  c.{N} = '{P}'\nend\n", SNAKE),
    ("php", "wp-config.php", "<?php\ndefine( 'DB_USER', '{U}' );\ndefine( '{N}', '{P}' );\n", UPPER),
    ("powershell", "deploy.ps1", "$user = \"{U}\"\n$password = \"{P}\"\nConnect-Server -User $user -Password $password\n", SNAKE),
    ("ansible", "group_vars/all.yml", "mysql_user: {U}\nmysql_root_password: {P}\n", SNAKE),
    ("redis", "redis.conf", "bind 0.0.0.0\nrequirepass {P}\n", SNAKE),
    ("csharp", "src/Db.cs", "public class Db\n{{\n    private const string {N} = \"{P}\";\n}}\n", CAMEL),
]
PLACEHOLDERS = ["changeme", "your_password", "your-password-here", "<password>", "<your password>", "xxxxxxxx",
                "********", "password", "secret", "YOUR_PASSWORD", "CHANGE_ME", "changeit", "replace_me", "TODO",
                "example", "my_password", "mypassword", "dbpassword", "userpassword", "null", "none", "REDACTED",
                "enter_password_here", "db_password", "some-password", "thepassword", "default", "test", "..."]
TEMPLATES = ["${{DB_PASSWORD}}", "{{{{ db_password }}}}", "$DB_PASSWORD", "%(password)s", "#{{password}}", "${{db.password}}",
             "{{{{ .Values.password }}}}", "%DB_PASSWORD%", "${{env.DB_PASS}}", "<%= password %>", "@@PASSWORD@@", "%s", "{{0}}",
             "{{password}}", "$(DB_PASSWORD)", "${{DB_PASSWORD:-}}", "__DB_PASSWORD__"]
REFERENCES = {
    "python": "PASSWORD = os.environ['DB_PASSWORD']\npassword = getpass.getpass()\npassword = config.get('db', 'password')\n",
    "js": "const password = process.env.DB_PASSWORD;\nconst dbPassword = config.database.password;\nlogin({ password: req.body.password });\n",
    "java": "String password = System.getenv(\"DB_PASSWORD\");\nthis.password = password;\nString dbPassword = props.getProperty(\"db.password\");\n",
    "go": "password := os.Getenv(\"DB_PASSWORD\")\ncfg.Password = viper.GetString(\"db.password\")\n",
    "yml": "password: !vault db/prod\npasswordSecretName: app-db-credentials\npassword_file: /run/secrets/db_password\n",
    "rb": "password = ENV['DB_PASSWORD']\nparams[:password]\nuser.password = params[:user][:password]\n",
    "php": "define('DB_PASSWORD', getenv('DB_PASSWORD'));\n$password = $_POST['password'];\n",
    "tf": "password = var.db_password\npassword = random_password.db.result\n",
    "sh": "PASSWORD=$(cat /run/secrets/db)\nmysql -u root -p\"$DB_PASSWORD\" app\ncurl -u \"$USER:$PASSWORD\" https://x\n",
    "cs": "string password = Environment.GetEnvironmentVariable(\"DB_PASSWORD\");\nvar password = config[\"Db:Password\"];\n",
}
LABELS = {
    "locales/en.yml": "en:\n  password: Password\n  new_password: New password\n  forgot_password: Forgot your password?\n  password_confirmation: Confirm password\n  password_too_short: Too short\n",
    "locales/de.yml": "de:\n  password: Kennwort\n  new_password: Neues Passwort\n  forgot_password: Passwort vergessen?\n",  # straykey:allow generic.password labels
    "locales/fr.json": "{\n  \"password\": \"Mot de passe\",\n  \"newPassword\": \"Nouveau mot de passe\",\n  \"passwordHint\": \"Indice\"\n}\n",
    "locales/es.properties": "login.password=Contrase\u00f1a\nlogin.password.title=Acceso\nlogin.password.help=Ayuda\n",  # straykey:allow generic.password labels
    "src/form.html": "<label for=\"password\">Password</label>\n<input type=\"password\" name=\"password\" placeholder=\"Enter password\">\n",
    "src/form.jsx": "<Field label=\"Password\" name=\"password\" type=\"password\" />\n<Input password=\"required\" />\n",
    "src/model.ts": "interface User {\n  password: string;\n  passwordHash?: string;\n}\nfunction login(user: string, password: string): void {}\n",
    "src/errors.go": "var ErrPassword = errors.New(\"invalid password\")\nconst PasswordField = \"password\"\nconst passwordMinLength = 8\n",
    "src/schema.sql": "CREATE TABLE users (id INT, password VARCHAR(60) NOT NULL, password_reset_at TIMESTAMP);\n",
    "src/rules.php": "<?php\n$rules = ['password' => 'required|min:8|confirmed'];\n",
    "docs/help.md": "The password is required. Set `password` to the value of your choice.\nPassword: minimum eight characters.\n",
    "src/check.py": "assert 'password' in form\nfields = ['user', 'password', 'email']\nPASSWORD_HASHERS = ['django.contrib.auth.hashers.Argon2PasswordHasher']\n",
    "src/policy.yml": "password_policy: strict\npassword_encryption: scram-sha-256\npassword_expiry: never\nkind: password\n",
    "src/view.rb": "<%= f.password_field :password, autocomplete: 'current-password' %>\nvalidates :password, presence: true\n",
    "src/Perm.java": "@Column(name = \"password\")\nprivate String password;\nsetPasswordEncoder(\"bcrypt\");\n",
}
USERS = ["root", "admin", "app", "web", "deploy", "service", "postgres"]


def make(out, seed, files):
    r = random.Random(seed)
    half = sorted(WORDS)[seed % 2::2]
    labels = []
    for n in range(files):
        label, name, text, names = SYNTAX[n % len(SYNTAX)]
        none = (n // len(SYNTAX)) % 3 == 2
        quiet = label in ("properties", "env", "yaml", "go-dsn", "url", "mysql", "curl", "compose", "dockerfile", "ini", "redis", "ansible")
        if none:
            secret = r.choice(PLACEHOLDERS + TEMPLATES).format()
        else:
            secret = password(r, half, quiet)
        filled = text.format(P=secret, U=r.choice(USERS), N=r.choice(names))
        path = f"{n:04}/{name}"
        line = next(i for i, l in enumerate(filled.split("\n"), 1) if secret in l)
        write(out, path, filled)
        labels.append({"path": path, "line": line, "secret": secret, "is": "none" if none else "password", "syntax": label})
    for i, (kind, text) in enumerate(REFERENCES.items()):
        whole(out, f"ref/{i}/code.{kind}", text, "reference", labels)
    for path, text in LABELS.items():
        whole(out, f"label/{path}", text, "label", labels)
    with open(os.path.join(out, "labels.jsonl"), "w") as file:
        for one in labels:
            file.write(json.dumps(one) + "\n")


def whole(out, path, text, syntax, labels):
    write(out, path, text)
    for i, line in enumerate(text.split("\n"), 1):
        if "assw" in line or "PASS" in line:
            labels.append({"path": path, "line": i, "secret": None, "is": "none", "syntax": syntax})


def write(out, path, text):
    path = os.path.join(out, "tree", path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def score(out, findings):
    found = {}
    for line in open(findings):
        one = json.loads(line)
        if "line" in one and "path" in one:
            path = one["path"].removeprefix("./").removeprefix("tree/")
            found.setdefault((path, one["line"]), []).append(one.get("secret") or "")
    hit, by = {"password": [0, 0], "none": [0, 0]}, {}
    for line in open(os.path.join(out, "labels.jsonl")):
        one = json.loads(line)
        values = found.get((one["path"], one["line"]), [])
        told = bool(values) if one["secret"] is None else any(v in one["secret"] or one["secret"] in v for v in values if v)
        for count in (hit[one["is"]], by.setdefault((one["is"], one["syntax"]), [0, 0])):
            count[0] += told
            count[1] += 1
    for (kind, syntax), (n, all_) in sorted(by.items()):
        print(f"{kind:9} {syntax:12} {n:4} of {all_}")
    print(f"recall {hit['password'][0] / hit['password'][1]:.3f}, false {hit['none'][0] / hit['none'][1]:.3f}")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("out")
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--files", type=int, default=1620)
    args.add_argument("--score")
    args = args.parse_args()
    if args.score:
        score(args.out, args.score)
    else:
        make(args.out, args.seed, args.files)


main()
