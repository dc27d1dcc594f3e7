/** Everything hostile the lab knows, each given to the avatar of one account; and how a heal of it has to end. */
import type { Decoys } from '../lab/hostile/decoys.ts'
import type { AnswerEnd, HostileAnswer, Surroundings } from '../lab/hostile/hostile-answer.ts'
import { hostileAnswers } from '../lab/hostile/hostile-answers.ts'
import type { Listeners } from '../lab/hostile/hostile-listeners.ts'
import { hostileNames } from '../lab/hostile/hostile-names.ts'
import type { Ending } from '../lab/hostile/hostile-picture.ts'
import { hostilePictures } from '../lab/hostile/hostile-pictures.ts'
import type { Fediverse } from '../lab/fediverse/fediverse.ts'
import type { Vice } from '../lab/fediverse/vices.ts'
import { byteLimit } from '../src/core/heal/mend/recipes.ts'
import type { MediaRecord } from '../src/core/model/record.ts'

/** One account on the stage, and where it lives. */
export interface Player {
  readonly record: MediaRecord
  readonly username: string
  /** Index of the host. */
  readonly host: number
  /** Where its avatar is, if nothing is wrong. */
  readonly picture: string
  /** Its actor. */
  readonly actor: string
}

export interface Part {
  readonly name: string
  readonly expect: readonly AnswerEnd[]
  /** Nobody else may live on its host. */
  readonly alone: boolean
  /** Its domain is asked where it lives, and has to know. */
  readonly webfinger: boolean
  /** Sets up what is wrong; may say that the row knows other addresses than the right ones. */
  readonly play: (player: Player, scene: Scene) => Addresses | undefined
}

export interface Addresses {
  readonly remoteUrl?: string
  readonly uri?: string
}

export interface Scene {
  readonly fediverse: Fediverse
  readonly listeners: Listeners
  readonly decoys: Decoys
}

/** All of them. The bytes of pictures are made here, so that no origin is slow because it paints. */
export async function hostileCast(seed: number): Promise<readonly Part[]> {
  return [
    ...(await pictureParts(seed)),
    ...[...hostileAnswers(), ...hostileNames()].map(answerPart),
    ...PLAIN,
  ]
}

const ENDS: Readonly<Record<Ending, AnswerEnd>> = {
  made: 'healed',
  'wrong-type': 'wrong-type',
  'too-many-pixels': 'too-many-pixels',
  broken: 'broken-image',
  animated: 'healed',
}

async function pictureParts(seed: number): Promise<Part[]> {
  const parts: Part[] = []
  const waiting = hostilePictures(seed).values()
  const build = async (): Promise<void> => {
    for (const { name, bytes, expect } of waiting) {
      const built = await bytes()
      const tooLarge = built.length > byteLimit('avatar', '4.6', null)
      parts.push({
        name: `picture: ${name}`,
        expect: tooLarge ? ['too-large'] : expect.map((end) => ENDS[end]),
        alone: false,
        webfinger: false,
        play: ({ picture }, { fediverse }) => {
          fediverse.setVice(picture, { kind: 'bytes', bytes: async () => built })
          return undefined
        },
      })
    }
  }
  await Promise.all([build(), build(), build()])
  return parts
}

function answerPart({ name, answer, expect, alone }: HostileAnswer): Part {
  return {
    name: `answer: ${name}`,
    expect,
    alone,
    webfinger: false,
    play: (player, scene) => {
      scene.fediverse.setVice(player.picture, answer(surroundings(player, scene)))
      return undefined
    },
  }
}

function surroundings({ host }: Player, { fediverse, listeners, decoys }: Scene): Surroundings {
  const healthy = (index: number): string =>
    fediverse.urlFor({ username: 'healthy', host: index, which: 'avatar' })
  const next = (by: number): string => healthy((host + by) % fediverse.hosts.length)
  return {
    elsewhere: [next(1), next(2), next(3), next(4)],
    own: { origin: fediverse.hosts[host]?.origin ?? '', picture: healthy(host) },
    decoyPort: decoys.port,
    listeners,
  }
}

/** One vice of the fediverse on the picture, the actor, or both. */
function plain(
  name: string,
  expect: AnswerEnd,
  vices: { readonly picture?: Vice; readonly actor?: Vice | ((player: Player, scene: Scene) => Vice) },
  addresses?: (player: Player, scene: Scene) => Addresses,
): Part {
  return {
    name: `vice: ${name}`,
    expect: [expect],
    alone: name.includes('pause'),
    webfinger: /webfinger|with its actor/.test(name),
    play: (player, scene) => {
      const { picture, actor } = vices
      if (picture !== undefined) scene.fediverse.setVice(player.picture, picture)
      const twisted = typeof actor === 'function' ? actor(player, scene) : actor
      if (twisted !== undefined) scene.fediverse.setVice(player.actor, twisted, 'actor')
      return addresses?.(player, scene)
    },
  }
}

const MOVED: Vice = { kind: 'moved' }
const GONE: Vice = { kind: 'status', status: 404 }

function icon(url: unknown): Vice {
  return { kind: 'actor-fields', fields: { icon: { type: 'Image', mediaType: 'image/png', url } } }
}

const PLAIN: readonly Part[] = [
  plain('status 404', 'gone', { picture: GONE }),
  plain('status 410', 'gone', { picture: { kind: 'status', status: 410 } }),
  plain('status 403', 'refused', { picture: { kind: 'status', status: 403 } }),
  plain('status 500', 'unavailable', { picture: { kind: 'status', status: 500 } }),
  plain('a pause of a second', 'unavailable', { picture: { kind: 'status', status: 429, retryAfter: '1' } }),
  plain('silent', 'timeout', { picture: { kind: 'silent' } }),
  plain('slow', 'timeout', { picture: { kind: 'slow', bytesPerSecond: 50 } }),
  plain('stalls', 'timeout', { picture: { kind: 'stalls' } }),
  plain('hangs up', 'unreachable', { picture: { kind: 'hangs-up' } }),
  plain('babbles', 'unreachable', { picture: { kind: 'babbles' } }),
  plain('truncated', 'unreachable', { picture: { kind: 'truncated' } }),
  plain('reset', 'unreachable', { picture: { kind: 'reset' } }),
  plain('two redirects', 'healed', { picture: { kind: 'redirects', hops: 2 } }),
  plain('nine redirects', 'too-many-redirects', { picture: { kind: 'redirects', hops: 9 } }),
  plain('redirect loop', 'too-many-redirects', { picture: { kind: 'redirect-loop' } }),
  plain('redirect nowhere', 'refused', { picture: { kind: 'redirect-nowhere' } }),
  plain('wrong type', 'healed', { picture: { kind: 'wrong-type', contentType: 'text/html' } }),
  plain('page', 'wrong-type', { picture: { kind: 'page' } }),
  plain('huge', 'too-large', { picture: { kind: 'huge', bytes: 50 * 1024 * 1024 } }),
  plain('endless', 'too-large', { picture: { kind: 'endless' } }),
  ...(['svg', 'bmp', 'avif', 'pdf', 'text', 'empty'] as const).map((file) =>
    plain(file, 'wrong-type', { picture: { kind: 'file', file } }),
  ),
  ...(['png-bomb', 'webp-bomb', 'gif-bomb'] as const).map((file) =>
    plain(file, 'too-many-pixels', { picture: { kind: 'file', file } }),
  ),
  plain('gzip', 'healed', { picture: { kind: 'gzip' } }),
  plain('gzip bomb', 'too-large', { picture: { kind: 'gzip-bomb' } }),
  plain('needs a signature', 'refused', { picture: { kind: 'needs-signature' } }),
  plain('moved', 'healed', { picture: MOVED }),
  plain('no picture', 'none', { picture: { kind: 'no-picture' } }),
  plain('moved, as an actor tells who is asked with a signature', 'healed', {
    picture: MOVED,
    actor: { kind: 'needs-signature' },
  }),
  plain('moved with its actor', 'healed', { picture: MOVED, actor: { kind: 'actor-moved', status: 404 } }),
  plain(
    'moved, and webfinger too',
    'healed',
    { picture: MOVED, actor: { kind: 'webfinger-elsewhere' } },
    ({ actor }) => ({
      uri: actor.replace('/users/', '/nobody/'),
    }),
  ),
  plain('gone with its actor', 'gone', { picture: GONE, actor: { kind: 'tombstone' } }),
  plain('suspended at its origin', 'none', { picture: GONE, actor: { kind: 'suspended' } }),
  plain('an actor that is another', 'private-address', {
    picture: GONE,
    actor: (_player, { decoys }) => ({ kind: 'other-id', id: `http://127.0.0.1:${decoys.port}/users/ada` }),
  }),
  ...(['reference', 'list', 'links', 'link'] as const).map((form) =>
    plain(`named as ${form}`, 'healed', { actor: { kind: 'pictures-as', form } }, ({ picture }) => ({
      remoteUrl: picture.replace('/pictures/', '/lost/'),
    })),
  ),
  plain('an actor that names a private address', 'private-address', {
    picture: GONE,
    actor: (_player, { decoys }) => icon(`http://[::ffff:127.0.0.1]:${decoys.port}/a.png`),
  }),
  plain('an actor that names a file', 'none', { picture: GONE, actor: icon('file:///etc/passwd') }),
  plain('an actor that names a number', 'none', { picture: GONE, actor: icon(2130706433) }),
  plain('an actor that names a list in a list', 'none', {
    picture: GONE,
    actor: icon([[['http://127.0.0.1/']]]),
  }),
  plain('an actor without a face, whose address begins with a zero byte', 'none', {
    picture: GONE,
    actor: ({ actor }) => ({ kind: 'actor-fields', fields: { id: `\0${actor}`, icon: null } }),
  }),
  plain('an address that begins with a zero byte', 'healed', {
    picture: GONE,
    actor: ({ host }, { fediverse }) =>
      icon(`\0${fediverse.urlFor({ username: 'healthy', host, which: 'avatar' })}`),
  }),
  plain('an address with half a letter', 'gone', {
    picture: GONE,
    actor: ({ picture }) => icon(`${picture}/\ud800`),
  }),
  plain('a row that knows a file', 'healed', {}, () => ({ remoteUrl: 'file:///etc/passwd' })),
  plain('a row that knows a script', 'healed', {}, () => ({ remoteUrl: 'javascript:alert(1)' })),
  plain('a row that knows nonsense', 'healed', {}, () => ({ remoteUrl: '%%%' })),
  plain('a row that knows a private address', 'healed', {}, (_player, { decoys }) => ({
    remoteUrl: `http://127.0.0.1:${decoys.port}/a.png`,
  })),
  plain(
    'a row and an actor that know the same private address',
    'private-address',
    {
      actor: (_player, { decoys }) => icon(`http://0x7f.1:${decoys.port}/a.png`),
    },
    (_player, { decoys }) => ({ remoteUrl: `http://0x7f.1:${decoys.port}/a.png` }),
  ),
  plain('a row that knows a place where nobody listens', 'healed', {}, (_player, { listeners }) => ({
    remoteUrl: `http://${listeners.nobody}/a.png`,
  })),
  plain('a row whose address has lines and spaces', 'healed', {}, ({ picture }) => ({
    remoteUrl: `  ${picture.replace('/avatar', '/ava\ntar')}\t\n`,
  })),
  plain('a row with an address of 100 KB', 'unreachable', {}, ({ picture }) => ({
    remoteUrl: `${picture}?${'a'.repeat(100_000)}`,
  })),
]
