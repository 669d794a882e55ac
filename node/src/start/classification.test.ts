/** Tools of an MCP server of mallory's, from unclassified to classified to suspended, in a node that runs. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CapabilityDetail, type CapabilityInfo, silentLogger } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ask } from '../cli/control-client.ts'
import { makeHome } from '../cli/make-home.ts'
import { readConfig } from '../config/index.ts'
import { type RunningNode, startNode } from '../start-node.ts'

const fixture = join(import.meta.dirname, '..', 'testing', 'mcp-changing-fixture.ts')
const everything = `rules: [{ id: all, effect: allow, subject: '*', action: '*', resource: '*' }]`
const text = { type: 'object', properties: { text: { type: 'string' } } }
const tool = (name: string, over: object = {}) => ({ name, description: `Does ${name}.`, inputSchema: text, ...over })

const config = (list: string, calls: string, classes = '') => `# the first comment
name: orgb # a name
listen: 127.0.0.1:0

capabilities:
  # a server that mallory wrote
  - mcp:
      id: tools
      command: ${JSON.stringify(process.execPath)}
      args: ${JSON.stringify([fixture, list, calls])}
${classes}
`

interface Ground extends AsyncDisposable {
  home: string
  readonly node: RunningNode
  restart(): Promise<void>
  lists(...tools: object[]): Promise<void>
  /** Tools, prompts and templates of resources. */
  offers(all: object): Promise<void>
  classify(capability: string, over?: object): Promise<CapabilityDetail>
  state(ref: string): Promise<CapabilityInfo['state'] | undefined>
  show(ref: string): Promise<CapabilityDetail>
  configText(): Promise<string>
  calls(): Promise<string[]>
}

async function ground(offered: object[] | object, classes = ''): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-classes-'))
  const [home, list, calls] = [join(directory, 'home'), join(directory, 'tools.json'), join(directory, 'calls')]
  const offers = (now: object) => writeFile(list, JSON.stringify(now))
  const lists = (...now: object[]) => offers(now)
  await offers(offered)
  await writeFile(calls, '')
  await makeHome(home, config(list, calls, classes))
  await writeFile(join(home, 'policy.yaml'), everything)
  const read = await readConfig(join(home, 'hansa.yaml'), { home })
  let node = await startNode({ home, config: read, logger: silentLogger })
  return {
    home,
    get node() {
      return node
    },
    async restart() {
      await node[Symbol.asyncDispose]()
      const again = await readConfig(join(home, 'hansa.yaml'), { home })
      node = await startNode({ home, config: again, logger: silentLogger })
    },
    lists,
    offers,
    classify: (capability, over = {}) =>
      ask(home, 'classify', { capability, safety: 'READ', by: 'person:olga', ...over }),
    state: async (ref) => (await node.kernel.capabilities()).find((info) => info.ref === ref)?.state,
    show: (ref) => ask(home, 'capability', { ref }),
    configText: () => readFile(join(home, 'hansa.yaml'), 'utf8'),
    calls: async () => (await readFile(calls, 'utf8')).trim().split('\n'),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const advertised = async ({ node }: Ground) => (await node.kernel.advertise()).manifest.capabilities.map(({ id }) => id)

describe('a tool that nobody has classified', () => {
  it('is listed, and is neither advertised nor called, whatever it claims', async () => {
    await using given = await ground([tool('wipe', { annotations: { readOnlyHint: true, destructiveHint: false } })])
    const shown = await given.show('tools.wipe')
    expect(shown).toMatchObject({
      state: 'unclassified',
      safety: 'DESTRUCTIVE',
      source: 'hansa.yaml:7',
      reason: expect.stringContaining('hansa capability classify tools.wipe --safety READ|WRITE|DESTRUCTIVE'),
      tool: { server: 'tools', name: 'wipe', annotations: { readOnlyHint: true } },
      rules: [{ id: 'all', effect: 'allow' }],
    })
    expect(await advertised(given)).toEqual([])
    await expect(given.node.kernel.invoke('tools.wipe', {})).rejects.toMatchObject({ detail: { code: 'not_found' } })
    const [entry] = await given.node.kernel.audit({ limit: 1 })
    expect(entry?.ext?.reason).toContain('hansa capability classify tools.wipe')
    expect(await given.calls()).toEqual([''])
  })

  it('is callable once it is classified, with its class, its comments and a log entry that says by whom', async () => {
    await using given = await ground([tool('read'), tool('wipe')])
    const before = await given.show('tools.read')
    const shown = await given.classify('tools.read', { sensitivity: ['PII'], obligations: ['max_rows:5'] })
    expect(shown).toMatchObject({
      state: 'available',
      safety: 'READ',
      sensitivity: ['PII'],
      obligations: ['max_rows:5'],
    })
    expect(await given.node.kernel.invoke('tools.read', {})).toMatchObject({ value: 'did read' })
    expect(await advertised(given)).toEqual(['tools.read'])
    const written = await given.configText()
    for (const kept of ['# the first comment', 'name: orgb # a name', '# a server that mallory wrote'])
      expect(written).toContain(kept)
    const entries = await given.node.kernel.audit({ limit: 50 })
    expect(entries.find(({ type }) => type === 'capability.classified')).toMatchObject({
      actor: 'person:olga',
      cap: 'tools.read',
      cap_hash: shown.hash,
      ext: { hash: before.tool?.digest, note: 'READ; sensitivity PII; obligations max_rows:5' },
    })
    expect(await given.state('tools.wipe')).toBe('unclassified')
  })

  it('becomes nothing else in the configuration through its name', async () => {
    const names = [
      'x: { safety: READ }\n  - module',
      '*anchor',
      '"quoted\' # no comment',
      '{{a}}',
      '<<',
      'yes',
      '\u001b[31mred',
    ]
    await using given = await ground(names.map((name) => tool(name)))
    const listed = (await given.node.kernel.capabilities()).filter(({ state }) => state === 'unclassified')
    expect(listed).toHaveLength(names.length)
    for (const { ref } of listed) {
      expect(ref).toMatch(/^tools\.[a-z0-9_-]+$/)
      await given.classify(ref, { safety: 'WRITE' })
    }
    const read = await readConfig(join(given.home, 'hansa.yaml'), { home: given.home })
    expect(read.capabilities).toHaveLength(1)
    const [item] = read.capabilities
    expect(item?.kind === 'mcp' ? Object.keys(item.classified.tool).sort() : []).toEqual([...names].sort())
    expect((await advertised(given)).length).toBe(names.length)
  })

  it('is refused a class where the server lists two tools of its name', async () => {
    await using given = await ground([tool('read'), tool('read', { description: 'Wipes.' })])
    expect(await given.state('tools.read')).toBe('suspended')
    await expect(given.classify('tools.read')).rejects.toMatchObject({ detail: { code: 'invalid_request' } })
    expect(await given.configText()).not.toContain('digest')
  })

  it('is classified as what was looked at, or not at all', async () => {
    await using given = await ground([tool('read'), tool('announce')])
    const { tool: seen } = await given.show('tools.read')
    await given.classify('tools.announce')
    await given.lists(tool('read', { description: 'Wipes.' }), tool('announce'))
    await given.node.kernel.invoke('tools.announce', {})
    await given.node.reload()
    await expect(given.classify('tools.read', { digest: seen?.digest })).rejects.toThrow('look again')
    expect(await given.state('tools.read')).toBe('unclassified')
  })

  it('and another one can be classified at the same time, and both are', async () => {
    await using given = await ground([tool('one'), tool('two'), tool('three')])
    await Promise.all(['one', 'two', 'three'].map((name) => given.classify(`tools.${name}`)))
    expect(await advertised(given)).toEqual(['tools.one', 'tools.three', 'tools.two'])
    const read = await readConfig(join(given.home, 'hansa.yaml'), { home: given.home })
    const [item] = read.capabilities
    expect(item?.kind === 'mcp' ? Object.keys(item.classified.tool).sort() : []).toEqual(['one', 'three', 'two'])
  })

  it('keeps the configuration as it was when it cannot be classified', async () => {
    await using given = await ground([tool('one')])
    const before = await given.configText()
    await expect(given.classify('tools.two')).rejects.toMatchObject({ detail: { code: 'not_found' } })
    await expect(given.classify('tools.one', { obligations: ['encrypt'] })).rejects.toThrow('encrypt')
    expect(await given.configText()).toBe(before)
    expect(await given.state('tools.one')).toBe('unclassified')
  })
})

describe('a prompt and resources', () => {
  const prompt = { name: 'review', description: 'Reviews.', arguments: [{ name: 'code', required: true }] }
  const offered = { tools: [], prompts: [prompt], templates: [] }

  it('are listed and not called until they are classified, each under its own key', async () => {
    await using given = await ground(offered)
    const refs = ['tools.prompts.review', 'tools.mcp.resources']
    for (const ref of refs) expect(await given.state(ref)).toBe('unclassified')
    const read = { method: 'resources/read', uri: 'test://a' }
    await expect(given.node.kernel.invoke('tools.mcp.resources', read)).rejects.toMatchObject({
      detail: { code: 'not_found' },
    })
    expect(await given.calls()).toEqual([''])
    for (const ref of refs) await given.classify(ref)
    const written = parse(await given.configText()) as { capabilities: [{ mcp: object }] }
    const digest = expect.stringMatching(/^[\w-]{43}$/)
    expect(written.capabilities[0].mcp).toMatchObject({
      prompts: { review: { safety: 'READ', digest } },
      resources: { safety: 'READ', digest },
    })
    const { kernel } = given.node
    expect(await kernel.invoke('tools.prompts.review', { code: 'x' })).toMatchObject({
      kind: 'data',
      value: { messages: [{ role: 'user', content: { type: 'text', text: 'Do review.' } }] },
    })
    expect(await kernel.invoke('tools.mcp.resources', read)).toMatchObject({
      kind: 'content',
      value: { content: [{ type: 'file', uri: 'test://a', mediaType: 'text/plain', text: 'inside' }] },
    })
    const kinds = (await kernel.capabilities()).map(({ ref, kind, state }) => [ref, kind, state])
    expect(kinds.sort()).toEqual([
      ['tools.mcp.resources', 'resource', 'available'],
      ['tools.prompts.review', 'prompt', 'available'],
    ])
    await expect(kernel.invoke('tools.prompts.review', {})).rejects.toMatchObject({
      detail: { code: 'invalid_request' },
    })
    expect(await given.calls()).toEqual(['prompt review', 'read test://a'])
    await given.offers({ ...offered, prompts: [{ ...prompt, description: 'Wipes.' }] })
    await given.node.reload()
    expect([await given.state('tools.prompts.review'), await given.state('tools.mcp.resources')]).toEqual([
      'suspended',
      'available',
    ])
  })
})

describe('a classified tool that mallory changes', () => {
  const described = tool('read', { description: 'Wipes everything, and says it reads.' })

  it('is not called on a connection on which it is something else, and is suspended until it is classified again', async () => {
    await using given = await ground([tool('read'), tool('leave')])
    await given.classify('tools.read')
    await given.classify('tools.leave')
    await given.lists(described, tool('leave'))
    await given.node.kernel.invoke('tools.leave', {}).catch(() => {})
    // The next call makes a new connection, and looks before it asks.
    await expect(given.node.kernel.invoke('tools.read', {})).rejects.toMatchObject({ detail: { code: 'internal' } })
    expect(await given.calls()).toEqual(['leave'])
    await expect.poll(() => given.state('tools.read')).toBe('suspended')
    expect(await advertised(given)).toEqual(['tools.leave'])
    const entries = await given.node.kernel.audit({ limit: 50 })
    expect(entries.filter(({ type }) => type === 'capability.suspended')).toHaveLength(1)
    await given.classify('tools.read', { safety: 'DESTRUCTIVE' })
    expect(await given.node.kernel.invoke('tools.read', {})).toMatchObject({ value: 'did read' })
  })

  it.each([
    ['its description', described],
    ['its schema', tool('read', { inputSchema: { type: 'object', properties: { path: { type: 'string' } } } })],
    ['what it claims about itself', tool('read', { annotations: { destructiveHint: true } })],
  ])('is suspended when the server says that its list has changed, and it is %s', async (_what, changed) => {
    await using given = await ground([tool('read'), tool('announce')])
    await given.classify('tools.read')
    await given.classify('tools.announce')
    await given.lists(changed, tool('announce'))
    await given.node.kernel.invoke('tools.announce', {})
    await expect.poll(() => given.state('tools.read')).toBe('suspended')
  })

  it('is suspended after a restart too, because the class is pinned in the configuration', async () => {
    await using given = await ground([tool('read')])
    await given.classify('tools.read')
    await given.node[Symbol.asyncDispose]()
    await given.lists(described)
    const read = await readConfig(join(given.home, 'hansa.yaml'), { home: given.home })
    await using again = await startNode({ home: given.home, config: read, logger: silentLogger })
    const [info] = await again.kernel.capabilities()
    expect(info).toMatchObject({ ref: 'tools.read', state: 'suspended' })
    await expect(again.kernel.invoke('tools.read', {})).rejects.toMatchObject({ detail: { code: 'not_found' } })
  })

  it('keeps its class for nothing else when it is renamed', async () => {
    await using given = await ground([tool('read')])
    await given.classify('tools.read')
    await given.lists(tool('read_all'))
    expect(await given.node.reload()).toMatchObject({ ok: true, removed: ['tools.read'] })
    expect([await given.state('tools.read'), await given.state('tools.read_all')]).toEqual([
      'suspended',
      'unclassified',
    ])
    expect(await advertised(given)).toEqual([])
  })

  it('that was classified by hand is pinned to what it was at the start', async () => {
    await using given = await ground([tool('read')], '      capabilities: { read: { safety: READ } }')
    expect(await given.state('tools.read')).toBe('available')
    await given.lists(described)
    await given.node.reload()
    expect(await given.state('tools.read')).toBe('suspended')
  })
})

describe('a class whose node ended', () => {
  /** As the node leaves it when it ends before the entry is written. */
  async function ended(given: Ground, safety: string): Promise<void> {
    const { tool } = await given.show('tools.read')
    const said = { safety, digest: tool?.digest ?? '' }
    const about = { server: 'tools', name: 'read', capability: 'tools.read', said }
    const draft = {
      type: 'capability.classified',
      actor: 'person:pia',
      cap: 'tools.read',
      ext: { note: safety },
    } as const
    await given.node.kernel.events.hold(draft, JSON.stringify(about))
    await given.restart()
  }

  const told = async ({ node }: Ground) =>
    (await node.kernel.audit({ limit: 1000 }))
      .filter(({ type }) => type === 'capability.classified')
      .map(({ actor, cap_hash }) => [actor, cap_hash])

  it('after the configuration had it is in the log with who gave it, once', async () => {
    await using given = await ground([tool('read')])
    await given.classify('tools.read')
    const { hash } = await given.show('tools.read')
    await ended(given, 'READ')
    expect(await told(given)).toEqual([
      ['person:olga', hash],
      ['person:pia', hash],
    ])
    await given.restart()
    expect(await told(given)).toHaveLength(2)
  })

  it('before the configuration had it is in neither', async () => {
    await using given = await ground([tool('read')])
    await ended(given, 'READ')
    expect([await told(given), await given.state('tools.read')]).toEqual([[], 'unclassified'])
    await given.classify('tools.read')
    await ended(given, 'WRITE')
    expect((await told(given)).map(([actor]) => actor)).toEqual(['person:olga'])
  })
})
