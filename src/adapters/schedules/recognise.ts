/** What kind of file it is, by its name first and by what it begins with else. */
export type FileKind =
  | 'settings'
  | 'version'
  | 'crontab'
  | 'script'
  | 'unit'
  | 'yaml'
  | 'nix'
  | 'lifecycle-json'
  | 'lifecycle-xml'
  | 'unknown'

/** Enough to recognise a kind by. */
const HEAD = 8_192

export function recogniseFile(path: string, text: string): FileKind {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const head = text.slice(0, HEAD)
  if (/^\.env(\.|$)|\.env$/.test(name)) return 'settings'
  if (path.endsWith('lib/mastodon/version.rb')) return 'version'
  if (/\.(timer|service)$/.test(name) || /\.(timer|service)\.d\/[^/]+\.conf$/.test(path)) return 'unit'
  if (/\.ya?ml$/.test(name)) return 'yaml'
  if (name.endsWith('.nix')) return 'nix'
  if (name.endsWith('.xml') || /^\s*<(\?xml|LifecycleConfiguration)/.test(head)) return 'lifecycle-xml'
  if (name.endsWith('.json') || /^\s*\{\s*"/.test(head))
    return /"Rules"/.test(text) ? 'lifecycle-json' : 'yaml'
  if (/^#!.*\b(ba|da|a|k|z)?sh\b/.test(head) || /\.(ba)?sh$/.test(name)) return 'script'
  if (/(^|\/)cron\.(hourly|daily|weekly|monthly)\/[^/]+$/.test(path)) return 'script'
  if (/(^|\/)(cron\.d|crontabs|cron)\/[^/]+$/.test(path) || /crontab/.test(name) || name.endsWith('.cron'))
    return 'crontab'
  if (/^\s*\[(Unit|Timer|Service|Install)\]/m.test(head)) return 'unit'
  if (
    /^\s*(@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)\s|([\d*][\d*,/-]*\s+){2}\S+\s+\S+\s+\S+\s+\S)/m.test(
      head,
    )
  )
    return 'crontab'
  if (/^(apiVersion|services|kind|version|mastodon):/m.test(head)) return 'yaml'
  if (/services\.mastodon|mediaAutoRemove|systemd\.timers/.test(head)) return 'nix'
  if (/\btootctl\b/.test(head)) return 'script'
  return 'unknown'
}
