import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

export const revisions = ['2025-11-25', '2026-07-28'] as const
export type Revision = (typeof revisions)[number]

export const roles = ['server', 'client'] as const
/** Which side of MCP is tested. */
export type Role = (typeof roles)[number]

export const KIT_DIRECTORY = dirname(
  createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'),
)

const listSchema = z.object({ server: z.array(z.string()).min(1), client: z.array(z.string()).min(1) })

/** The scenarios that a revision requires, as the kit froze them. */
export function requiredScenarios(revision: Revision, role: Role): readonly string[] {
  const path = join(KIT_DIRECTORY, 'requirements', `${revision}.yaml`)
  return listSchema.parse(parse(readFileSync(path, 'utf8')))[role]
}
