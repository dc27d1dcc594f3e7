/**
 * What a value of Mastodon's settings must look like. Every check answers with a usable value and notes the problem if
 * it had to make one up; nothing is used once a problem was noted.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Settings } from './settings.ts'

/** A whole number within bounds (both included), or the default if the variable is not set. */
export function wholeNumber(
  settings: Settings,
  name: string,
  bounds: { readonly default: number; readonly min: number; readonly max: number },
): number {
  const text = settings.text(name)
  if (text === null) return bounds.default
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= bounds.min && value <= bounds.max) return value
  const range = `${bounds.min} to ${bounds.max}`
  settings.problem(
    name,
    `${settings.quote(name)}, which is not a number from ${range}`,
    `Give one, or remove it to use ${bounds.default}`,
  )
  return bounds.default
}

export function port(settings: Settings, name: string, standard: number): number {
  return wholeNumber(settings, name, { default: standard, min: 1, max: 65_535 })
}

/** Seconds in the settings, milliseconds afterwards. */
export function secondsAsMs(settings: Settings, name: string, standardSeconds: number): number {
  return wholeNumber(settings, name, { default: standardSeconds, min: 1, max: 3600 }) * 1000
}

export function oneOf<const Choice extends string>(
  settings: Settings,
  name: string,
  choices: readonly Choice[],
  standard: Choice,
): Choice {
  const text = settings.text(name)
  if (text === null) return standard
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  settings.problem(
    name,
    `${settings.quote(name)}, which is not one of the values it can have`,
    `Use one of: ${choices.join(', ')}`,
  )
  return standard
}

/** Mastodon's switches are on when they say exactly `true`. */
export function isTrue(settings: Settings, name: string): boolean {
  return settings.text(name) === 'true'
}

/** A value that must be there. */
export function required(settings: Settings, name: string, reason: string): string {
  const text = settings.text(name)
  if (text !== null) return text
  const what = settings.has(name) ? `${name} is empty` : `${name} is not set`
  settings.problem(name, `${what}, although ${reason}`, `Set it to the value Mastodon uses`)
  return ''
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/

/** A host name in its stored form: lower case, punycode; with a port if it has one. Undefined if it is none. */
export function hostName(text: string): string | undefined {
  const [, name, port] = /^(\[[^\]]+\]|[^:]*)(:\d{1,5})?$/.exec(text) ?? []
  if (name === undefined) return undefined
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return text
  const ascii = domainToASCII(name)
  return HOST_NAME.test(ascii) ? ascii + (port ?? '') : undefined
}

function domainToASCII(name: string): string {
  try {
    return /[/?#@\\\s]/.test(name) ? '' : new URL(`http://${name}/`).hostname
  } catch {
    return ''
  }
}

/** A bare domain such as `example.com`; the default (possibly null) if the variable is not set. */
export function domain<Default>(settings: Settings, name: string, standard: Default): string | Default {
  const text = settings.text(name)
  if (text === null) return standard
  const host = hostName(text)
  if (host !== undefined) return host
  settings.problem(
    name,
    `${settings.quote(name)}, which is not a domain`,
    `Give the bare name, such as social.example, without https:// and without a path`,
  )
  return standard
}

/** An http(s) address without a slash at the end; null if the variable is not set. */
export function webAddress(settings: Settings, name: string): string | null {
  const text = settings.text(name)
  if (text === null) return null
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '')
  settings.problem(name, `${name} is not a web address`, 'Give one that starts with https:// or http://')
  return null
}

/** Several values in one variable, separated by commas or blanks. */
export function list(settings: Settings, name: string, separator: RegExp = /[\s,]+/): readonly string[] {
  return (settings.text(name) ?? '').split(separator).filter((part) => part !== '')
}

/** A network in CIDR form, or undefined. A single address is a network of one. */
export function network(text: string): string | undefined {
  if (ipaddr.isValidCIDR(text)) return text
  if (isIP(text) === 0) return undefined
  return `${text}/${isIP(text) === 4 ? 32 : 128}`
}

/** The text if it is a well percent-encoded one, decoded; undefined otherwise. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
