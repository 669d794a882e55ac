import { describe, expect, it } from 'vitest'
import { defaultMcpSettings } from '../mcp-server/mcp-settings.ts'
import { parseConfig } from './parse-config.ts'

const read = (text: string) => {
  const reading = parseConfig(text, '/home/hansa.yaml', 'hansa.yaml')
  return reading.ok ? reading.config.mcp : reading.faults.map(({ line, key, reason }) => `${line} ${key}: ${reason}`)
}

describe('mcp', () => {
  it('is served to agents and the operator where nothing else is said', () => {
    expect(read('name: a')).toBeUndefined()
    expect(read('mcp: {}')).toEqual(defaultMcpSettings)
    expect(defaultMcpSettings).toEqual({ serve: 'both', pageSize: 100, deadlineMs: 60_000 })
  })

  it('takes what it is told', () => {
    const text = `mcp:
  serve: agents
  public_url: https://mcp.example
  capabilities: [files.*, orgb/*]
  primary: orgb/files
  page_size: 5
  deadline_seconds: 300`
    expect(read(text)).toEqual({
      serve: 'agents',
      publicUrl: 'https://mcp.example',
      capabilities: ['files.*', 'orgb/*'],
      primary: 'orgb/files',
      pageSize: 5,
      deadlineMs: 300_000,
    })
  })

  it.each([
    ['capabilities: [fi*]', /3 mcp\.capabilities.*cuts a segment|2 mcp\.capabilities.*cuts a segment/],
    ['public_url: http://mcp.example', /public_url: agents show credentials there/],
    ['serve: everywhere', /mcp\.serve/],
    ['primary: Files', /mcp\.primary/],
    ['page_size: 0', /mcp\.page_size/],
    ['deadline_seconds: 601', /mcp\.deadline_seconds/],
    ['tools: 1', /mcp/],
  ])('is not read from %s', (line, fault) => {
    expect(read(`mcp:\n  ${line}`)).toEqual([expect.stringMatching(fault)])
  })
})
