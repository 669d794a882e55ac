import { z } from 'zod'

const httpUrl = z.url({ protocol: /^https?$/, error: 'not an http(s) URL' }).max(2048)

/** Keys of `hansa.yaml` that name registries; what both of them name counts once. */
export const registryKeys = {
  registry: z
    .strictObject({ url: httpUrl.describe('Base URL of a registry') })
    .describe('Where this node lists itself, and where it looks others up')
    .optional(),
  registries: z
    .array(httpUrl)
    .max(16)
    .describe(
      'Base URLs of several registries. The node lists itself in each, looks its own name up there every 10 minutes, and asks all of them for others. Default: []',
    )
    .optional(),
}
