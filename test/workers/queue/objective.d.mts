export function objective(
  params: { readonly x: number; readonly y: number },
  trial: { readonly number: number; readonly seed: number },
): number;
export function misbehaved(
  params: { readonly x: number },
  trial: { readonly number: number },
): Promise<number>;
