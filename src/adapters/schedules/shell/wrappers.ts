/** Programs that run another one, and which of their options take a value. From their manual pages. */
import type { Wrapper } from '../../../core/model/scheduled.ts'

export interface WrapperSpec {
  readonly kind: Wrapper['kind']
  /** Options whose value is the next word. */
  readonly valued?: readonly string[]
  /** Words between the options and the command. */
  readonly skip?: number
  /** `NAME=value` may stand before the command. */
  readonly assignments?: true
  /** The option that names the user. */
  readonly userOption?: readonly string[]
  /** The first word after the options names the user. */
  readonly userFirst?: true
  /** Whom it runs as if nobody is named. */
  readonly defaultUser?: string
  /** The command starts without what was exported before. */
  readonly clears?: true
  /** The option whose value is a script. */
  readonly scriptOption?: readonly string[]
}

const plain: WrapperSpec = { kind: 'plain' }

export const WRAPPERS: Readonly<Record<string, WrapperSpec>> = {
  sudo: {
    kind: 'user',
    valued:
      '-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot --close-from --role --type'.split(
        ' ',
      ),
    assignments: true,
    userOption: ['-u', '--user'],
    defaultUser: 'root',
    clears: true,
  },
  doas: { kind: 'user', valued: ['-u', '-C', '-a'], userOption: ['-u'], defaultUser: 'root', clears: true },
  runuser: {
    kind: 'user',
    valued: ['-u', '-g', '-G', '-s', '-w', '--user', '--group', '--shell', '-c', '--command'],
    userOption: ['-u', '--user'],
    scriptOption: ['-c', '--command'],
  },
  gosu: { kind: 'user', userFirst: true },
  'su-exec': { kind: 'user', userFirst: true },
  's6-setuidgid': { kind: 'user', userFirst: true },
  setuidgid: { kind: 'user', userFirst: true },
  chpst: {
    kind: 'user',
    valued: ['-u', '-U', '-b', '-e', '-n', '-l', '-L', '-m', '-d', '-o', '-p', '-f', '-c', '-r', '-t'],
    userOption: ['-u'],
  },
  setpriv: { kind: 'user', valued: [], userOption: ['--reuid'] },
  env: { kind: 'plain', valued: ['-u', '-C', '-S', '--unset', '--chdir'], assignments: true },
  flock: {
    kind: 'lock',
    valued: ['-w', '-E', '--timeout', '--wait', '--conflict-exit-code', '-c', '--command'],
    skip: 1,
    scriptOption: ['-c', '--command'],
  },
  'run-one': { kind: 'lock' },
  'run-this-one': { kind: 'lock' },
  'with-lock-ex': { kind: 'lock', skip: 1 },
  setlock: { kind: 'lock', skip: 1 },
  lckdo: { kind: 'lock', valued: ['-W'], skip: 1 },
  solo: { kind: 'lock', valued: ['-port'] },
  chronic: { kind: 'keeper' },
  cronic: { kind: 'keeper' },
  'systemd-cat': { kind: 'keeper', valued: ['-t', '--identifier', '-p', '--priority'] },
  'systemd-run': {
    kind: 'keeper',
    valued: ['-u', '--unit', '-p', '--property', '--uid', '--gid', '-E', '--setenv', '--slice', '-M'],
    userOption: ['--uid'],
  },
  cronitor: { kind: 'keeper', skip: 2 },
  runitor: { kind: 'keeper', valued: ['-uuid', '-slug', '-ping-key', '-api-url', '-every'] },
  nice: { kind: 'plain', valued: ['-n', '--adjustment'] },
  ionice: { kind: 'plain', valued: ['-c', '-n', '--class', '--classdata'] },
  chrt: { kind: 'plain', skip: 1 },
  taskset: { kind: 'plain', skip: 1 },
  timeout: { kind: 'plain', valued: ['-s', '-k', '--signal', '--kill-after'], skip: 1 },
  nohup: plain,
  setsid: plain,
  time: { kind: 'plain', valued: ['-f', '-o'] },
  stdbuf: { kind: 'plain', valued: ['-i', '-o', '-e'] },
  unbuffer: plain,
  cpulimit: { kind: 'plain', valued: ['-l', '-p', '-P', '-e'] },
  exec: plain,
  command: plain,
  builtin: plain,
  nocache: plain,
  xargs: { kind: 'plain', valued: ['-n', '-P', '-I', '-L', '-d', '-a', '-s', '-E'] },
  chroot: { kind: 'plain', valued: [], skip: 1, clears: true },
  proxychains: plain,
}

/** Two words that together run the rest. */
export const WRAPPER_PAIRS: Readonly<Record<string, readonly string[]>> = {
  bundle: ['exec'],
  bundler: ['exec'],
  rbenv: ['exec'],
  rvm: ['do'],
  asdf: ['exec'],
  mise: ['exec', 'x'],
}

/** A program followed by a script's file. */
export const INTERPRETERS: ReadonlySet<string> = new Set(['ruby', 'truffleruby'])

export const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'busybox'])

export const CONTAINER_RUNNERS: ReadonlySet<string> = new Set([
  'docker',
  'podman',
  'nerdctl',
  'docker-compose',
  'podman-compose',
  'lxc',
  'incus',
  'kubectl',
  'k3s',
  'oc',
  'microk8s.kubectl',
])

/** Options of container runners whose value is the next word, before and after the subcommand. */
export const CONTAINER_VALUED: ReadonlySet<string> = new Set(
  (
    '-e --env -u --user -w --workdir --detach-keys --env-file --index -f --file -p --project-name --profile ' +
    '--project-directory -H --host --context --config -l --label --log-level -v --volume --name --network --net ' +
    '--mount --entrypoint --publish --add-host --hostname --memory --cpus --pull --platform --restart --volumes-from ' +
    '-n --namespace --container --kubeconfig --cluster --as --cwd --mode --request-timeout --pod-running-timeout --ansi'
  ).split(' '),
)
