// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
)

// etcdCommand runs a single etcd member without TLS on loopback. It does not sync to disk, because
// a lab ends with its processes.
func etcdCommand() *cobra.Command {
	var dir, client, peer string
	c := &cobra.Command{
		Use: "etcd", Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error { return serveEtcd(dir, client, peer) },
	}
	c.Flags().StringVar(&dir, "data-dir", "", "data directory")
	c.Flags().StringVar(&client, "client-url", "http://127.0.0.1:2379", "URL for clients")
	c.Flags().StringVar(&peer, "peer-url", "http://127.0.0.1:2380", "URL for other members; there are none")
	if err := c.MarkFlagRequired("data-dir"); err != nil {
		panic(err)
	}
	return c
}

func serveEtcd(dir, client, peer string) error {
	cu, err := url.Parse(client)
	if err != nil {
		return fmt.Errorf("read --client-url: %w", err)
	}
	pu, err := url.Parse(peer)
	if err != nil {
		return fmt.Errorf("read --peer-url: %w", err)
	}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel, cfg.UnsafeNoFsync = dir, "warn", true
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*cu}, []url.URL{*cu}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*pu}, []url.URL{*pu}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	// Leases and events fill the history, which a lab does not need.
	cfg.AutoCompactionMode, cfg.AutoCompactionRetention = "periodic", "5m"
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	return <-e.Err()
}
