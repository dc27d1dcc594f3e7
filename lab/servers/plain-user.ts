import { readFileSync } from 'node:fs'

/** A user a server can be run as. */
export interface PlainUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/**
 * Whom to run as a server that refuses to be root (PostgreSQL, pgbouncer): `nobody`, which every system has, so that
 * nothing on the machine is changed. Undefined when we are a plain user ourselves.
 */
export function plainUser(): PlainUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'))
  const [name, , uid, gid] = line?.split(':') ?? []
  if (name === undefined || uid === undefined || gid === undefined) {
    throw new Error('/etc/passwd has no user nobody. Run the lab as a plain user instead of root.')
  }
  return { name, uid: Number(uid), gid: Number(gid) }
}
