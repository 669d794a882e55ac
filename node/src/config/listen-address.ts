export type ListenAddress = { host: string; port: number }

const HIGHEST_PORT = 65_535
const WILDCARDS = new Set(['0.0.0.0', '::', '::0'])

/** `HOST:PORT`, with an IPv6 address in brackets; port 0 takes a free one. @returns undefined for anything else. */
export function parseListen(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  return host === undefined || port > HIGHEST_PORT ? undefined : { host, port }
}

/** Whether an address means every interface, so that it says nothing about how others reach it. */
export function isWildcard({ host }: ListenAddress): boolean {
  return WILDCARDS.has(host)
}
