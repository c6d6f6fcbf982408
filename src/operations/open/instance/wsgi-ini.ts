/** The `wsgi.ini` of a copy: waitress, as `mkwsgiinstance` has it, with logs in the copy's own folder. */
export function wsgiIni({
  home,
  host,
  port,
}: {
  readonly home: string;
  readonly host: string;
  readonly port: number;
}): string {
  return `[app:zope]
use = egg:Zope#main
zope_conf = ${home}/etc/zope.conf

[server:main]
use = egg:waitress#main
host = ${host}
port = ${port}

[pipeline:main]
pipeline =
    egg:Zope#httpexceptions
    zope

[loggers]
keys = root

[handlers]
keys = eventlog

[formatters]
keys = generic

[logger_root]
level = INFO
handlers = eventlog

[handler_eventlog]
class = FileHandler
args = (r'${home}/log/event.log', 'a')
formatter = generic

[formatter_generic]
format = %(asctime)s %(levelname)s [%(name)s:%(lineno)s] %(message)s
`;
}
