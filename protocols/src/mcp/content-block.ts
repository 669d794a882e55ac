/**
 * What MCP calls content, as far as both of its lines (2025-11-25 and 2026-07-28) have it. The members are optional in the
 * way in which the libraries write them, so that their types and these are one.
 */
export type McpAnnotations = {
  audience?: ('user' | 'assistant')[] | undefined
  priority?: number | undefined
  lastModified?: string | undefined
}

type Common = { annotations?: McpAnnotations | undefined; _meta?: Record<string, unknown> | undefined }

type Place = { uri: string; mimeType?: string | undefined; _meta?: Record<string, unknown> | undefined }

/** What a resource holds: text, or bytes in Base64. */
export type McpResourceContents = (Place & { text: string }) | (Place & { blob: string })

export type McpContentBlock =
  | ({ type: 'text'; text: string } & Common)
  | ({ type: 'image'; data: string; mimeType: string } & Common)
  | ({ type: 'audio'; data: string; mimeType: string } & Common)
  | ({ type: 'resource'; resource: McpResourceContents } & Common)
  | ({
      type: 'resource_link'
      uri: string
      name: string
      title?: string | undefined
      description?: string | undefined
      mimeType?: string | undefined
      size?: number | undefined
    } & Common)
