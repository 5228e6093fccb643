import type { HostSupervisor, SupervisorOptions } from "@mezzotint/engine/host";

/** A host whose code is loaded when somebody first asks where it is: an idle server does without. */
export function sharedHost(options: SupervisorOptions): HostSupervisor {
  let loaded: HostSupervisor | undefined;
  let loading: Promise<HostSupervisor> | undefined;
  let closed = false;
  const load = async () => {
    const { superviseHost } = await import("@mezzotint/engine/host");
    loaded = superviseHost(options);
    if (closed) await loaded.close();
    return loaded;
  };
  return {
    open: async () => {
      if (closed) throw new Error("the server stops");
      loading ??= load();
      return (await loading).open();
    },
    unload: async () => loaded?.unload(),
    pid: () => loaded?.pid(),
    close: async () => {
      closed = true;
      await loaded?.close();
    },
  };
}
