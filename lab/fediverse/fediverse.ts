/**
 * A little fediverse on loopback: many origins with actors, pictures and pages, and every vice an origin can have.
 *
 * Each host has a loopback address of its own (127.77.0.1, 127.77.0.2, ...) and the same port, so that limits per
 * host can be measured where they count. Plain HTTP: nothing here leaves the machine.
 */
import { generateKeyPair } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { isActorVice, twistActor } from './actor-vices.ts'
import {
  actorDocument,
  hostMetaDocument,
  image,
  nodeinfoDocument,
  nodeinfoLinks,
  webfingerDocument,
} from './documents.ts'
import type { FediverseHost, ListeningHost } from './host.ts'
import { misbehave, send } from './misbehave.ts'
import { drawPage, oEmbedDocument, PRIVATE_PAGE } from './linked-pages.ts'
import type { PageForm } from './linked-pages.ts'
import { pictureUrl, readPath } from './paths.ts'
import type { Asked } from './paths.ts'
import { numberFrom, openPictures } from './pictures.ts'
import type { Picture, PictureExtension, PictureKind } from './pictures.ts'
import { startHosts } from './start-hosts.ts'
import type { KnownSigner } from './verify-signature.ts'
import type { Vice, ViceReach } from './vices.ts'

export interface FediverseOptions {
  /** How many origins; each costs one listener. */
  readonly hosts: number
  /** The port all of them use; free one by default. */
  readonly port?: number | undefined
  /** Whose signatures origins accept that want one, whatever the key id; see `trust`. */
  readonly publicKeyPem?: string | undefined
}

export interface PictureRequest {
  readonly username: string
  /** Index of the host. */
  readonly host: number
  readonly which: PictureKind
  /** Default: the one the actor names, see `usualExtension`. */
  readonly extension?: PictureExtension | undefined
}

export interface Fediverse {
  readonly hosts: readonly FediverseHost[]
  /** Where an account's picture lies: the same for the same words in every run, but for the port. */
  urlFor(picture: PictureRequest): string
  /** The actor's URL, which is its id. */
  actorFor(username: string, host: number): string
  /** A page of that form; its image is the header of the account. */
  pageFor(form: PageForm, username: string, host: number): string
  /** From now on origins that want a signature verify it, and want this one's. Null: any signature will do, unseen. */
  trust(signer: KnownSigner | null): void
  /** The host that plays a domain: the same one in every run with as many hosts. */
  hostOf(domain: string): number
  /**
   * Gives a vice to one picture or page (its URL), one account (its actor's URL), every account of a user name, or a whole
   * host (its origin); the narrowest wins. `reach` is `pictures` by default, `pages` for a page, `everything` for a host.
   */
  setVice(thing: string, vice: Vice, reach?: ViceReach): void
  /** Takes one vice back, or all of them. */
  clearVice(thing?: string): void
  stop(): Promise<void>
}

interface Given {
  readonly vice: Vice
  readonly reach: ViceReach
}

/** Starts all hosts, or none. `stop` ends every open connection and waits for the listeners to close. */
export async function startFediverse(options: FediverseOptions): Promise<Fediverse> {
  const { publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const pictures = openPictures()
  const vices = new Map<string, Given>()
  let signer: KnownSigner | null =
    options.publicKeyPem === undefined ? null : { publicKeyPem: options.publicKeyPem }
  const stopping = new AbortController()

  async function answer(
    host: FediverseHost,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const asked = readPath(host.origin, request.url ?? '/')
    const healthy = (): Promise<Picture> => documentOrPicture(host, asked)
    const given = viceFor(vices, host.origin, asked)
    if (given === undefined || !reaches(given, asked)) {
      if (asked.kind === 'nothing') response.writeHead(404).end()
      else if (asked.kind === 'page' && asked.form === 'private')
        response.writeHead(302, { location: PRIVATE_PAGE }).end()
      else send(response, await healthy())
      return
    }
    await misbehave(given.vice, { request, response, healthy, signer, signal: stopping.signal })
  }

  async function documentOrPicture(host: FediverseHost, asked: Asked): Promise<Picture> {
    switch (asked.kind) {
      case 'picture':
        return pictures.draw(asked.username, asked.which, asked.extension)
      case 'actor':
        return activity(actorOf(host, asked.username, asked.moved))
      case 'image-object':
        return activity(image(pictureUrl(host.origin, asked.username, asked.which)))
      case 'webfinger': {
        const { username, resource } = asked
        const moved = viceOf(host, asked)?.kind === 'actor-moved'
        const actor = `${host.origin}/${moved ? 'actors' : 'users'}/${username}`
        return json(webfingerDocument(host.origin, username, resource, actor), 'application/jrd+json')
      }
      case 'host-meta':
        return { bytes: Buffer.from(hostMetaDocument(host.origin)), contentType: 'application/xrd+xml' }
      case 'page': {
        const picture = pictureUrl(host.origin, asked.username, 'header')
        return drawPage(asked.form, host.origin, asked.username, picture)
      }
      case 'oembed': {
        const picture = pictureUrl(host.origin, asked.username, 'header')
        return json(oEmbedDocument(asked.type, host.origin, picture), 'application/json')
      }
      case 'nodeinfo-links':
        return json(nodeinfoLinks(host.origin), 'application/json')
      case 'nodeinfo':
        return json(nodeinfoDocument(), 'application/json')
      case 'nothing':
        return { bytes: Buffer.alloc(0), contentType: 'text/plain' }
    }
  }

  function actorOf(host: FediverseHost, username: string, moved: boolean): object {
    const { origin } = host
    const iconOf = (which: PictureKind): string | null => {
      const url = pictureUrl(origin, username, which)
      const vice = viceOf(host, readPath(origin, new URL(url).pathname))
      if (vice?.kind === 'no-picture') return null
      return vice?.kind === 'moved' ? url.replace(`/${which}.`, `/moved-${which}.`) : url
    }
    const document = actorDocument({
      origin,
      id: `${origin}/${moved ? 'actors' : 'users'}/${username}`,
      username,
      publicKeyPem,
      avatarUrl: iconOf('avatar'),
      headerUrl: iconOf('header'),
    })
    const vice = viceOf(host, { kind: 'actor', username, moved })
    return twistActor(document, vice, (which) => `${origin}/objects/${username}/${which}`)
  }

  function viceOf(host: FediverseHost, asked: Asked): Vice | undefined {
    return viceFor(vices, host.origin, asked)?.vice
  }

  const hosts = await startHosts(options, answer)
  const hostAt = (index: number): ListeningHost => {
    const host = hosts[index]
    if (host === undefined)
      throw new RangeError(`The little fediverse has ${hosts.length} hosts; there is no host ${index}`)
    return host
  }
  return {
    hosts,
    urlFor: ({ username, host, which, extension }) =>
      pictureUrl(hostAt(host).origin, username, which, extension),
    actorFor: (username, host) => `${hostAt(host).origin}/users/${username}`,
    pageFor: (form, username, host) => `${hostAt(host).origin}/pages/${form}/${username}`,
    trust(known) {
      signer = known
    },
    hostOf: (domain) => numberFrom(domain) % hosts.length,
    setVice(thing, vice, reach) {
      vices.set(thing, { vice, reach: reach ?? usualReach(hosts, thing) })
    },
    clearVice(thing) {
      if (thing === undefined) vices.clear()
      else vices.delete(thing)
    },
    async stop() {
      stopping.abort()
      await Promise.all(hosts.map((host) => host.stop()))
    },
  }
}

function usualReach(hosts: readonly FediverseHost[], thing: string): ViceReach {
  if (hosts.some((host) => host.origin === thing)) return 'everything'
  return hosts.some((host) => thing.startsWith(`${host.origin}/pages/`)) ? 'pages' : 'pictures'
}

function viceFor(vices: ReadonlyMap<string, Given>, origin: string, asked: Asked): Given | undefined {
  if ('url' in asked) {
    const own = vices.get(asked.url)
    if (own !== undefined) return own
  }
  const username = 'username' in asked ? asked.username : undefined
  const account =
    username === undefined ? undefined : (vices.get(`${origin}/users/${username}`) ?? vices.get(username))
  return account ?? vices.get(origin)
}

function reaches({ vice, reach }: Given, asked: Asked): boolean {
  if (vice.kind === 'moved' || vice.kind === 'no-picture') return asked.kind === 'picture' && !asked.moved
  if (vice.kind === 'webfinger-elsewhere') return asked.kind === 'webfinger' && !asked.elsewhere
  // Nobody signs these: whoever asks may not know yet who signs.
  if (vice.kind === 'needs-signature' && OPEN.includes(asked.kind)) return false
  if (isActorVice(vice)) return asked.kind === 'actor' && !(vice.kind === 'actor-moved' && asked.moved)
  if (reach === 'everything') return true
  return reach === areaOf(asked)
}

const OPEN: readonly Asked['kind'][] = ['webfinger', 'host-meta', 'nodeinfo-links', 'nodeinfo']

function areaOf({ kind }: Asked): ViceReach {
  if (kind === 'picture') return 'pictures'
  return kind === 'page' || kind === 'oembed' ? 'pages' : 'actor'
}

function activity(document: object): Picture {
  return json(document, 'application/activity+json; charset=utf-8')
}

function json(document: object, contentType: string): Picture {
  return { bytes: Buffer.from(JSON.stringify(document)), contentType }
}
