import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { addItem, type ConfigEdit, classifyTool, editConfig, removeItem } from './edit-config.ts'

const classify = (server: string, name = 'write') =>
  classifyTool({ prefix: server, kind: 'tool', name }, { safety: 'WRITE', digest: 'd' })
const http = { http: { id: 'rates', method: 'GET', url: 'https://rates.example' } } as Parameters<typeof addItem>[0]

const shared = `
capabilities:
  - mcp: {id: a, command: x, capabilities: &classes {read: {safety: READ}}}
  - mcp: {id: b, command: y, capabilities: *classes}
`

describe('an edit of a configuration whose capabilities share parts', () => {
  it.each<[string, string, ConfigEdit]>([
    ['classify the tool of another server as well', shared, classify('a')],
    ['take the other classes of a server away', shared, classify('b')],
    ['leave an alias without its anchor', shared, removeItem('a')],
    ['take everything else away', 'x: &all [{mcp: {id: a, command: x}}]\ncapabilities: *all\n', addItem(http)],
    [
      'change a part that is used elsewhere',
      'capabilities: [{mcp: {id: a, command: &c x}}]\nname: *c\n',
      classify('a'),
    ],
  ])('is not made, because it would %s', (_what, text, edit) => {
    expect(editConfig(text, edit)).toEqual({ ok: false, reason: expect.stringContaining('anchors (& and *)') })
  })

  it('is made where the shared parts are none of its capabilities', () => {
    const text = 'peers: [{clearance: &all [PII]}, {clearance: *all}]\ncapabilities: []\n'
    expect(editConfig(text, addItem(http))).toMatchObject({ ok: true, text: expect.stringContaining('*all') })
  })
})

describe('the class of a tool whose server chose its name', () => {
  it.each(['__proto__', 'constructor', 'a: b # c\n- *x "', '&c', '<<', '', '- ', '\u0085\u2028', 'null', '1'])(
    'is under exactly that name: %j',
    (name) => {
      const edited = editConfig('capabilities: [{mcp: {id: a, command: x}}]\n', classify('a', name))
      expect(edited.ok).toBe(true)
      const config = parse(edited.ok ? edited.text : '') as { capabilities: { mcp: { capabilities: object } }[] }
      expect(Object.entries(config.capabilities[0]?.mcp.capabilities ?? {})).toEqual([
        [name, { safety: 'WRITE', digest: 'd' }],
      ])
      expect(({} as Record<string, unknown>).safety).toBeUndefined()
    },
  )
})
