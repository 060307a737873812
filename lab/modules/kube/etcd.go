// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
)

// etcdCommand is a single etcd member for a lab: it trusts the machine's
// loopback, and does not wait for the disk, since a lab never outlives its processes.
func etcdCommand() *cobra.Command {
	var dir, client, peer string
	c := &cobra.Command{
		Use: "etcd", Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error { return serveEtcd(dir, client, peer) },
	}
	c.Flags().StringVar(&dir, "data-dir", "", "where the data is kept")
	c.Flags().StringVar(&client, "client-url", "http://127.0.0.1:2379", "where clients are served")
	c.Flags().StringVar(&peer, "peer-url", "http://127.0.0.1:2380", "where other members would be")
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
	// Leases and events make the history long; a lab needs none of it.
	cfg.AutoCompactionMode, cfg.AutoCompactionRetention = "periodic", "5m"
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	return <-e.Err()
}
