/**
 * The configuration of a one-node Ceph cluster that lives in memory: one monitor without authentication, one object
 * daemon on a memory store, one gateway. The monitor decides at once instead of gathering proposals for a second: the
 * gateway creates its pools one after another and waits for each. Settings: https://docs.ceph.com/en/pacific/rados/configuration/.
 */
export function cephConfiguration({
  directory,
  clusterId,
  monitorPort,
  gatewayPort,
}: {
  readonly directory: string
  readonly clusterId: string
  readonly monitorPort: number
  readonly gatewayPort: number
}): string {
  return `[global]
fsid = ${clusterId}
mon host = [v1:127.0.0.1:${monitorPort}]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind msgr2 = false
run dir = ${directory}/run
admin socket =
log file = ${directory}/run/$name.log
mon data avail crit = 1
mon allow pool size one = true
mon max pg per osd = 1000
mon warn on pool no redundancy = false
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
[mon]
mon data = ${directory}/mon
paxos propose interval = 0.02
paxos min wait = 0.01
[osd]
osd data = ${directory}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd class load list = *
osd check max object name len on startup = false
[client.rgw]
rgw data = ${directory}/rgw
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw enable usage log = false
rgw run sync thread = false
rgw enable quota threads = false
rgw gc max objs = 8
rgw lc max objs = 8
rgw thread pool size = 64
`
}
