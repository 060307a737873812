// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"flag"
	"io"

	"github.com/rerig/rerig/lab/shop/internal/manifests"
	"github.com/rerig/rerig/lab/shop/internal/token"
)

func printManifests(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("shop manifests", flag.ContinueOnError)
	var s manifests.Shop
	flags.StringVar(&s.Image, "image", "docker.io/lab/shop:1", "image of the shop")
	flags.StringVar(&s.Revision, "revision", "1-29-1", "Istio revision of the namespaces")
	flags.Float64Var(&s.Rate, "rate", 50, "requests per second of the load generator")
	withLoad := flags.Bool("load", true, "include the load generator")
	keyFile := flags.String("key", "", "file of the key that signs tokens, created if missing; without it each call uses a new key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !*withLoad {
		s.Rate = 0
	}
	var err error
	if s.Key, err = loadKey(*keyFile); err != nil {
		return err
	}
	return manifests.Print(out, s)
}

func loadKey(file string) (token.Key, error) {
	if file == "" {
		return token.New()
	}
	return token.LoadOrCreate(file)
}
