/**
 * A little fediverse on loopback: many origins with actors and pictures, and every vice an origin can have.
 *
 * Each host has a loopback address of its own (127.77.0.1, 127.77.0.2, ...) and the same port, so that limits per
 * host can be measured where they count. Plain HTTP: nothing here leaves the machine.
 */
import { generateKeyPair } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { actorDocument, nodeinfoDocument, nodeinfoLinks, webfingerDocument } from './documents.ts'
import type { FediverseHost, ListeningHost } from './host.ts'
import { misbehave, send } from './misbehave.ts'
import { pictureUrl, readPath } from './paths.ts'
import type { Asked } from './paths.ts'
import { numberFrom, openPictures } from './pictures.ts'
import type { Picture, PictureExtension, PictureKind } from './pictures.ts'
import { startHosts } from './start-hosts.ts'
import type { Vice, ViceReach } from './vices.ts'

export interface FediverseOptions {
  /** How many origins; each costs one listener. */
  readonly hosts: number
  /** The port all of them use; free one by default. */
  readonly port?: number | undefined
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
  /** The host that plays a domain: the same one in every run with as many hosts. */
  hostOf(domain: string): number
  /**
   * Gives a vice to one picture (its URL), one account (its actor's URL), every account of a user name, or a whole host
   * (its origin); the narrowest wins. `reach` is `pictures` by default, `everything` for a host.
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
      else send(response, await healthy())
      return
    }
    await misbehave(given.vice, { request, response, healthy, signal: stopping.signal })
  }

  async function documentOrPicture(host: FediverseHost, asked: Asked): Promise<Picture> {
    switch (asked.kind) {
      case 'picture':
        return pictures.draw(asked.username, asked.which, asked.extension)
      case 'actor':
        return json(
          actorDocument(actorFacts(host, asked.username)),
          'application/activity+json; charset=utf-8',
        )
      case 'webfinger':
        return json(webfingerDocument(host.origin, asked.username, asked.resource), 'application/jrd+json')
      case 'nodeinfo-links':
        return json(nodeinfoLinks(host.origin), 'application/json')
      case 'nodeinfo':
        return json(nodeinfoDocument(), 'application/json')
      case 'nothing':
        return { bytes: Buffer.alloc(0), contentType: 'text/plain' }
    }
  }

  function actorFacts(host: FediverseHost, username: string): Parameters<typeof actorDocument>[0] {
    const iconOf = (which: PictureKind): string | null => {
      const url = pictureUrl(host.origin, username, which)
      const given = viceFor(vices, host.origin, readPath(host.origin, new URL(url).pathname))
      if (given?.vice.kind === 'no-picture') return null
      return given?.vice.kind === 'moved' ? url.replace(`/${which}.`, `/moved-${which}.`) : url
    }
    const origin = host.origin
    return { origin, username, publicKeyPem, avatarUrl: iconOf('avatar'), headerUrl: iconOf('header') }
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
    hostOf: (domain) => numberFrom(domain) % hosts.length,
    setVice(thing, vice, reach) {
      const wholeHost = hosts.some((host) => host.origin === thing)
      vices.set(thing, { vice, reach: reach ?? (wholeHost ? 'everything' : 'pictures') })
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

function viceFor(vices: ReadonlyMap<string, Given>, origin: string, asked: Asked): Given | undefined {
  if (asked.kind === 'picture') {
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
  if (reach === 'everything') return true
  return reach === (asked.kind === 'picture' ? 'pictures' : 'actor')
}

function json(document: object, contentType: string): Picture {
  return { bytes: Buffer.from(JSON.stringify(document)), contentType }
}
