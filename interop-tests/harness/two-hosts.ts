/**
 * Two places with an address each for two nodes: loopback addresses of this machine, or two network namespaces with a
 * cable between them, where nothing but the network leads from one to the other.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

export type Host = {
  address: string
  /** What a process is started with to be there. */
  within: readonly string[]
}

export type TwoHosts = Disposable & {
  a: Host
  b: Host
  /** What a node has to allow to reach the other. */
  range: string
}

/** Always there on Linux. */
export function twoLoopbackHosts(): TwoHosts {
  const host = (address: string): Host => ({ address, within: [] })
  return { a: host('127.0.0.2'), b: host('127.0.0.3'), range: '127.0.0.0/8', [Symbol.dispose]() {} }
}

const ip = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((path) => existsSync(path))

/** Whether this account may make network namespaces: root, with iproute2. */
export function canMakeNamespaces(): boolean {
  const name = `hansa-probe-${process.pid}`
  try {
    run('netns', 'add', name)
    run('netns', 'delete', name)
    return true
  } catch {
    return false
  }
}

/** 10.77.0.1 and 10.77.0.2. @throws Error when namespaces cannot be made. */
export function twoNamespaces(): TwoHosts {
  const place = (side: 'a' | 'b') => `hansa-${process.pid}-${side}`
  const cleanup = new DisposableStack()
  for (const side of ['a', 'b'] as const) {
    run('netns', 'add', place(side))
    cleanup.defer(() => run('netns', 'delete', place(side)))
  }
  // A device name has at most 15 characters; inside a namespace it need not be unique.
  run('-n', place('a'), 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth0', 'netns', place('b'))
  const host = (side: 'a' | 'b', address: string): Host => {
    run('-n', place(side), 'address', 'add', `${address}/24`, 'dev', 'veth0')
    for (const device of ['lo', 'veth0']) run('-n', place(side), 'link', 'set', device, 'up')
    return { address, within: [ip ?? 'ip', 'netns', 'exec', place(side)] }
  }
  const [a, b] = [host('a', '10.77.0.1'), host('b', '10.77.0.2')]
  return { a, b, range: '10.77.0.0/24', [Symbol.dispose]: () => cleanup.dispose() }
}

function run(...args: string[]): void {
  if (ip === undefined) throw new Error('there is no ip (iproute2) on this machine')
  execFileSync(ip, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
