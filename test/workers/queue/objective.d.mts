export function objective(
  params: { readonly x: number; readonly y: number },
  trial: { readonly number: number; readonly seed: number },
): number;
