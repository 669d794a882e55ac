import { describe, expect, it } from 'vitest'
import { type PackageName, packages, sourceFiles } from './source.ts'

/** Which packages of the workspace each package may import: the drawing of docs/architecture.md. */
const mayImport: Readonly<Record<PackageName, readonly PackageName[]>> = {
  protocols: [],
  trust: ['protocols'],
  storage: ['protocols'],
  mesh: ['protocols', 'trust'],
  'registry-server': ['protocols', 'trust', 'storage', 'mesh'],
  sdk: ['protocols', 'trust'],
  node: ['protocols', 'trust', 'storage', 'mesh'],
  'interop-tests': ['protocols', 'trust', 'storage', 'mesh', 'registry-server', 'sdk', 'node'],
}

/** Libraries outside the workspace that a lower layer may use; upper layers use what their package.json names. */
const mayUse: Partial<Record<PackageName, readonly string[]>> = {
  protocols: ['zod'],
  trust: [
    '@marcbachmann/cel-js',
    '@noble/ed25519',
    '@noble/hashes',
    'canonicalize',
    'jose',
    'lru-cache',
    'yaml',
    'zod',
  ],
  storage: ['kysely', 'pg'],
}

const files = sourceFiles()

describe('the layers', () => {
  it('were seen: every package has source and tests', () => {
    for (const name of packages) {
      const own = files.filter((file) => file.package === name)
      expect(own.length, name).toBeGreaterThan(1)
      expect(
        own.some(({ path }) => path.endsWith('.test.ts')),
        `${name} has tests`,
      ).toBe(true)
    }
  })

  it.each(packages)('%s imports only what lies below it', (name) => {
    const wrong = files
      .filter((file) => file.package === name)
      .flatMap(({ path, imports }) =>
        imports
          .map((specifier) => /^@hansa\/([a-z-]+)/.exec(specifier)?.[1])
          .filter((other): other is PackageName => other !== undefined && other !== name)
          .filter((other) => !mayImport[name].includes(other))
          .map((other) => `${path} imports @hansa/${other}`),
      )
    expect(wrong).toEqual([])
  })

  it.each(Object.keys(mayUse) as PackageName[])('%s uses no library but its own few', (name) => {
    const wrong = files
      .filter((file) => file.package === name && !file.isTest)
      .flatMap(({ path, imports }) =>
        imports
          .filter(
            (specifier) =>
              !specifier.startsWith('.') && !specifier.startsWith('node:') && !specifier.startsWith('@hansa/'),
          )
          .filter(
            (specifier) =>
              !(mayUse[name] ?? []).some((allowed) => specifier === allowed || specifier.startsWith(`${allowed}/`)),
          )
          .map((specifier) => `${path} uses ${specifier}`),
      )
    expect(wrong).toEqual([])
  })

  it('are crossed only through a package, never by a path into another one', () => {
    const wrong = files.flatMap(({ path, package: own, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => new URL(specifier, `file:///${path}`).pathname.slice(1))
        .filter((target) => !target.startsWith(`${own}/`))
        .filter((target) => !(own === 'interop-tests' && target.startsWith('sdk/examples/')))
        .map((target) => `${path} reaches into ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('keep networks, disks and processes out of the contracts', () => {
    const wrong = files
      .filter((file) => file.package === 'protocols' && !file.isTest)
      .flatMap(({ path, imports }) =>
        imports.filter((specifier) => specifier.startsWith('node:')).map((specifier) => `${path}: ${specifier}`),
      )
    expect(wrong).toEqual([])
  })

  it('keep networks, SQL and agents out of trust', () => {
    const banned = /^node:(?:net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster|sqlite)/
    const wrong = files
      .filter((file) => file.package === 'trust' && !file.isTest)
      .flatMap(({ path, imports }) =>
        imports.filter((specifier) => banned.test(specifier)).map((specifier) => `${path}: ${specifier}`),
      )
    // The lock of a log directory is a SQLite transaction: the system drops it when its holder is killed.
    expect(wrong.filter((line) => !line.startsWith('trust/src/ledger/directory-lock.ts'))).toEqual([])
  })
})

/** Libraries that are lenient where this project is strict, and the files that make them strict. Tests compare with them. */
const wrappers: Readonly<Record<string, RegExp>> = {
  jose: /^trust\/src\/issuer\/jose-signature\.ts$/,
  'did-jwt': /^(?!)/,
  '@noble/ed25519': /^trust\/src\/keys\/admitted-key\.ts$/,
}

describe('libraries that are lenient', () => {
  it.each(Object.entries(wrappers))('%s is imported by its wrapper and by nothing else', (library, allowed) => {
    const using = files
      .filter(({ isTest }) => !isTest)
      .filter(({ imports }) => imports.some((name) => name === library || name.startsWith(`${library}/`)))
      .map(({ path }) => path)
    expect(using.filter((path) => !allowed.test(path))).toEqual([])
  })

  it('jose is in the product only through the one file that the rule names', () => {
    const using = files.filter(({ isTest, imports }) => !isTest && imports.includes('jose')).map(({ path }) => path)
    expect(using).toEqual(['trust/src/issuer/jose-signature.ts'])
  })
})

describe('the SDK of A2A', () => {
  it('is known to its adapter and to nothing else', () => {
    const using = files.filter(
      ({ isTest, imports }) => !isTest && imports.some((name) => name.startsWith('@a2a-js/sdk')),
    )
    expect(using.length).toBeGreaterThan(1)
    expect(using.map(({ path }) => path).filter((path) => !path.startsWith('node/src/a2a/sdk/'))).toEqual([])
  })
})

describe('libp2p', () => {
  const ofLibp2p = /^(?:libp2p$|@libp2p\/|@chainsafe\/libp2p|@multiformats\/)/
  const using = files.filter(({ isTest, imports }) => !isTest && imports.some((name) => ofLibp2p.test(name)))

  it('is known to hosts, the DHT and gossip, and to nothing else', () => {
    expect(using.length).toBeGreaterThan(3)
    const elsewhere = using.filter(({ path }) => !/^mesh\/src\/(?:host|dht|gossip)\//.test(path))
    expect(elsewhere.map(({ path }) => path)).toEqual([])
  })

  it('is put together in one file, which is loaded only by a node that has a host', () => {
    const whole = files.filter(({ isTest, imports }) => !isTest && imports.includes('libp2p')).map(({ path }) => path)
    expect(whole).toEqual(['mesh/src/host/libp2p-node.ts'])
    const needed = new Set<string>()
    const follow = (path: string) => {
      const file = files.find((one) => one.path === path)
      if (file === undefined || needed.has(path)) return
      needed.add(path)
      // What is imported where it is needed has a statement of its own, with `await`.
      const lazy = [...file.text.matchAll(/await import\('([^']+)'\)/g)].map(([, name]) => name)
      for (const name of file.imports)
        if (name.startsWith('.') && !lazy.includes(name)) follow(new URL(name, `file:///${path}`).pathname.slice(1))
    }
    follow('mesh/src/index.ts')
    expect(needed.has('mesh/src/host/open-host.ts')).toBe(true)
    expect([...needed].filter((path) => whole.includes(path))).toEqual([])
  })
})

/** Files that touch the world for the rest: an adapter says so by being listed here. */
const adapters: Readonly<Record<string, RegExp>> = {
  'Date.now': /^(?:node\/src\/system-clock|registry-server\/src\/clock)\.ts$/,
  'setTimeout(': /^(?:node\/src\/system-clock|registry-server\/src\/clock)\.ts$/,
  'process.env': /^(?:node\/src\/config\/env|registry-server\/src\/config\/env|sdk\/src\/environment)\.ts$/,
}

describe('the world', () => {
  it.each(Object.entries(adapters))('is reached for by %s in adapters only', (call, allowed) => {
    const wrong = files
      .filter(({ isTest, path }) => !isTest && !allowed.test(path) && !path.startsWith('sdk/examples/'))
      .filter(({ text }) => withoutComments(text).includes(call))
      .map(({ path }) => path)
    expect(wrong).toEqual([])
  })

  it('is never reached for by the global fetch', () => {
    const wrong = files
      .filter(({ isTest }) => !isTest)
      .filter(({ text }) =>
        /(?<![.\w#])fetch\(/.test(
          withoutComments(text).replaceAll(/(?:async )?(?:function )?fetch\([^)]*\)[:\s{]/g, ''),
        ),
      )
      .map(({ path }) => path)
    expect(wrong).toEqual([])
  })
})

describe('the verifier', () => {
  const verifiers = files.filter(({ path }) => /^trust\/src\/ledger\/verify-[a-z-]+\.ts$/.test(path))
  const byPath = new Map(files.map((file) => [file.path, file]))

  /** Every file that a file needs, itself included. */
  function needed(from: string, found = new Set<string>()): Set<string> {
    if (found.has(from)) return found
    found.add(from)
    for (const specifier of byPath.get(from)?.imports ?? []) {
      if (specifier.startsWith('.')) needed(new URL(specifier, `file:///${from}`).pathname.slice(1), found)
    }
    return found
  }

  it('needs nothing of a kernel: only the contracts, and what trust is made of', () => {
    const paths = new Set(verifiers.filter(({ isTest }) => !isTest).flatMap(({ path }) => [...needed(path)]))
    expect(paths.size).toBeGreaterThan(30)
    const outside = [...paths].flatMap((path) => {
      const imports = byPath.get(path)?.imports ?? [`${path} is not a file`]
      return imports.filter((specifier) => /^@hansa\/(?!protocols)/.test(specifier) || specifier.includes(' '))
    })
    expect(outside).toEqual([])
    expect([...paths].filter((path) => !path.startsWith('trust/src/'))).toEqual([])
  })

  it('opens, locks and signs no log: what does is not among it', () => {
    const writers = ['open-ledger', 'durable-ledger', 'signed-tree', 'directory-lock', 'file-log-disk', 'batch']
    const paths = verifiers.filter(({ isTest }) => !isTest).flatMap(({ path }) => [...needed(path)])
    const wrong = paths.filter((path) => writers.some((name) => path === `trust/src/ledger/${name}.ts`))
    expect([...new Set(wrong)]).toEqual([])
  })
})

describe('the shape of files', () => {
  it('is short: no source file is over 400 lines', () => {
    const long = files.filter(({ isTest, text }) => !isTest && text.split('\n').length > 401).map(({ path }) => path)
    expect(long).toEqual([])
  })

  it('has no drawers: nothing is called utils, helpers, common, shared, misc or manager', () => {
    const drawers = files.filter(({ path }) =>
      /(?:^|\/)(?:utils?|helpers?|common|shared|misc|managers?|services?)(?:\/|\.ts$)/.test(path),
    )
    expect(drawers.map(({ path }) => path)).toEqual([])
  })
})

function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/\s\/\/ .*$/gm, '')
}
