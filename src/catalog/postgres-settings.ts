/** Settings of the embedded Postgres: one small writer, a few readers, bounded memory and journal, every commit durable. */
export interface ListenSettings {
  /** Folder of the Unix socket; absent: loopback. */
  readonly socketFolder?: string;
  readonly port: number;
}

export const maxConnections = 20;

const fixedSettings: Readonly<Record<string, string>> = {
  max_connections: String(maxConnections),
  superuser_reserved_connections: "1",
  reserved_connections: "0",
  password_encryption: "scram-sha-256",
  shared_buffers: "48MB",
  work_mem: "8MB",
  maintenance_work_mem: "32MB",
  temp_buffers: "1MB",
  effective_cache_size: "256MB",
  huge_pages: "off",
  // The workers of the asynchronous reader would be three more processes.
  io_method: "sync",
  max_worker_processes: "2",
  max_parallel_workers: "0",
  max_parallel_workers_per_gather: "0",
  max_parallel_maintenance_workers: "0",
  jit: "off",
  // No replica and no archive: backups are logical dumps. The least journal, and old values leave the disk soonest.
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
  min_wal_size: "16MB",
  max_wal_size: "192MB",
  wal_buffers: "2MB",
  checkpoint_timeout: "5min",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  autovacuum_max_workers: "1",
  autovacuum_naptime: "30s",
  autovacuum_work_mem: "16MB",
  track_activities: "on",
  track_counts: "on",
  random_page_cost: "1.1",
  timezone: "UTC",
  log_timezone: "UTC",
  datestyle: "ISO, YMD",
  lc_messages: "C",
  log_destination: "stderr",
  logging_collector: "off",
  log_min_messages: "warning",
  // A statement may hold what must be forgotten; the log file would keep it.
  log_min_error_statement: "panic",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  log_error_verbosity: "terse",
  log_checkpoints: "off",
  log_startup_progress_interval: "0",
  cluster_name: "earshot",
  update_process_title: "off",
};

export function settingsFile(listen: ListenSettings): string {
  const settings: Record<string, string> = {
    ...fixedSettings,
    port: String(listen.port),
    unix_socket_directories: listen.socketFolder === undefined ? "" : `"${listen.socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    listen_addresses: listen.socketFolder === undefined ? "127.0.0.1" : "",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `# Written anew at each start; settings of your own go through ALTER SYSTEM.\n${lines.join("\n")}\n`;
}
