/**
 * What a node holds of one MCP server's issuer: tokens, and the client that it was registered as. A file for its owner
 * alone. What is in it is good for one URL and one issuer; for others it is as if it were not there.
 */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readPrivateFile } from '@hansa/trust'
import { z } from 'zod'
import type { HomePaths } from '../home/home-paths.ts'
import { replaceFile } from '../home/replace-file.ts'

/** Of all scopes together. */
export const MAX_SCOPE_CHARS = 4096

const tokensSchema = z.object({
  access_token: z.string().max(16_384),
  token_type: z.string().max(64),
  refresh_token: z.string().max(16_384).optional(),
  expires_in: z.number().optional(),
  scope: z.string().max(MAX_SCOPE_CHARS).optional(),
})

const heldSchema = z.object({
  url: z.string().max(2048),
  issuer: z.string().max(2048),
  client: z.object({ client_id: z.string().max(2048), client_secret: z.string().max(4096).optional() }).optional(),
  tokens: tokensSchema.optional(),
  wanted: z
    .string()
    .max(MAX_SCOPE_CHARS)
    .describe('Scopes that the server wanted beside those of the tokens')
    .optional(),
  obtained: z.int().min(0).describe('When the tokens were obtained, Unix seconds').optional(),
})
export type HeldTokens = z.infer<typeof heldSchema>

const MAX_FILE_BYTES = 65_536

export function tokenFilePath({ keys }: Pick<HomePaths, 'keys'>, server: string): string {
  return join(keys, 'upstream', `${server}.json`)
}

/**
 * @returns undefined when there is none for this URL and issuer.
 * @throws KeyFileError `key_file_exposed`, `key_file_unusable`
 */
export async function readTokenFile(
  path: string,
  { url, issuer }: Pick<HeldTokens, 'url' | 'issuer'>,
): Promise<HeldTokens | undefined> {
  const text = await readPrivateFile(path, MAX_FILE_BYTES).catch((error: unknown) => {
    if ((error as { detail?: { code?: string } }).detail?.code === 'key_file_missing') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const read = heldSchema.safeParse(parsed(text))
  return read.success && read.data.url === url && read.data.issuer === issuer ? read.data : undefined
}

export async function writeTokenFile(path: string, held: HeldTokens): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await replaceFile(path, `${JSON.stringify(held, null, 2)}\n`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
