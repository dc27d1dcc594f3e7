import { createServer } from 'node:net'

/**
 * Ports nobody listens on, all different, on 127.0.0.1. They are taken below 32768, where Linux does not put the local
 * ends of outgoing connections: between asking here and the server's own start only another listener could take one.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt > 1000) throw new Error(`no ${count} free ports between 12000 and 32000 on 127.0.0.1`)
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

/** One free port: see freePorts. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port as number
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
