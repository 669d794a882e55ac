/**
 * Changes to the text of `hansa.yaml` that leave everything else of it, comments and order too, as it is. Pure. A value
 * never becomes syntax: it is put into the document as a node, and what was written is read again and compared.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Document, isAlias, isCollection, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml'
import type { ConfigItem } from './config-item-schema.ts'

export type ConfigEdit = (document: Document) => EditVerdict
/** `reason`: one sentence that says what to do. */
export type EditVerdict = { ok: true } | { ok: false; reason: string }
export type EditedText = { ok: true; text: string } | { ok: false; reason: string }

/** @param text that is YAML without faults */
export function editConfig(text: string, edit: ConfigEdit): EditedText {
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0) return { ok: false, reason: document.errors.map(({ message }) => message).join('; ') }
  if (sharesNodes(document))
    return {
      ok: false,
      reason:
        'its capabilities share parts by anchors (& and *), and a change of one would be one of another; write them out first',
    }
  const done = edit(document)
  if (!done.ok) return done
  const edited = document.toString({ lineWidth: 0 })
  if (!isDeepStrictEqual(parseDocument(edited).toJS(), document.toJS()))
    return { ok: false, reason: 'the change cannot be written as YAML that says the same' }
  return { ok: true, text: edited }
}

function sharesNodes(document: Document): boolean {
  const list = document.get('capabilities', true)
  if (!isNode(list)) return false
  let shared = false
  visit(list, (_key, node) => {
    shared ||= isAlias(node) || ((isCollection(node) || isScalar(node)) && node.anchor !== undefined)
  })
  return shared
}

/** Adds an item of `capabilities`. */
export function addItem(item: ConfigItem): ConfigEdit {
  return (document) => {
    if (document.contents === null) document.contents = document.createNode({})
    const path = item.module?.path
    if (path !== undefined && itemOf(document, (at) => modulePathAt(document, at) === path) !== undefined)
      return { ok: false, reason: `the module ${path} is configured already` }
    const list = document.get('capabilities', true)
    if (isSeq(list)) list.add(document.createNode(item))
    else document.set('capabilities', document.createNode([item]))
    return { ok: true }
  }
}

/**
 * Removes what is configured under the id: an http item, an mcp item by its prefix, or the class of one thing that an MCP
 * server offers.
 * @param tool where the id is that of such a thing
 */
export function removeItem(id: string, tool?: ClassPlace): ConfigEdit {
  return (document) => {
    for (const kind of ['http', 'mcp', 'a2a']) {
      const at = itemOf(document, (index) => document.getIn(['capabilities', index, kind, 'id']) === id)
      if (at === undefined) continue
      document.deleteIn(['capabilities', at])
      return { ok: true }
    }
    const server = tool && itemOf(document, (index) => prefixAt(document, index, tool) === tool.prefix)
    if (tool !== undefined && server !== undefined) {
      const path = ['capabilities', server, ...classPath(tool)]
      if (document.deleteIn(path)) return { ok: true }
      return {
        ok: false,
        reason: `${id} has no class that could be taken away; remove its server ${tool.prefix}`,
      }
    }
    return { ok: false, reason: `nothing is configured as ${id}; see: hansa capability list` }
  }
}

/** @param matches given the path as the configuration writes it */
export function removeModule(matches: (path: string) => boolean): ConfigEdit {
  return (document) => {
    const at = itemOf(document, (index) => {
      const path = modulePathAt(document, index)
      return typeof path === 'string' && matches(path)
    })
    if (at === undefined) return { ok: false, reason: 'there is no such module in the configuration' }
    document.deleteIn(['capabilities', at])
    return { ok: true }
  }
}

export type ToolClass = {
  safety: string
  sensitivity?: readonly string[]
  obligations?: readonly string[]
  digest: string
}

/** Where a class stands: of what an MCP server or an agent of A2A calls so, under its own key for each kind. */
export type ClassPlace = { prefix: string; kind: 'tool' | 'prompt' | 'resource' | 'skill'; name: string }

function classPath({ kind, name }: ClassPlace): string[] {
  if (kind === 'skill') return ['a2a', 'capabilities', name]
  if (kind === 'resource') return ['mcp', 'resources']
  return ['mcp', kind === 'tool' ? 'capabilities' : 'prompts', name]
}

/** Writes the class of one tool, prompt or all resources; what else is said of it there stays. */
export function classifyTool(place: ClassPlace, said: ToolClass): ConfigEdit {
  return (document) => {
    const { prefix } = place
    const index = itemOf(document, (at) => prefixAt(document, at, place) === prefix)
    const what = place.kind === 'skill' ? 'agent' : 'MCP server'
    if (index === undefined) return { ok: false, reason: `no ${what} with the id ${prefix} is configured any more` }
    const path = ['capabilities', index, ...classPath(place)]
    const parent = path.slice(0, -1)
    if (!isMap(document.getIn(parent, true))) document.setIn(parent, document.createNode({}))
    const before = document.getIn(path, true)
    if (isMap(before)) for (const [key, value] of Object.entries(said)) before.set(key, document.createNode(value))
    else document.setIn(path, document.createNode({ ...said }))
    return { ok: true }
  }
}

function modulePathAt(document: Document, index: number): unknown {
  return document.getIn(['capabilities', index, 'module', 'path'])
}

function prefixAt(document: Document, index: number, { kind }: Pick<ClassPlace, 'kind'>): unknown {
  return document.getIn(['capabilities', index, kind === 'skill' ? 'a2a' : 'mcp', 'id'])
}

function itemOf(document: Document, matches: (index: number) => boolean): number | undefined {
  const list = document.get('capabilities', true)
  if (!isSeq(list)) return undefined
  const index = list.items.findIndex((_item, at) => matches(at))
  return index < 0 ? undefined : index
}
