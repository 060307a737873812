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
	flags.StringVar(&s.Image, "image", "docker.io/lab/shop:1", "image that holds the shop's binary")
	flags.StringVar(&s.Revision, "revision", "1-29-1", "Istio revision that the namespaces name")
	flags.Float64Var(&s.Rate, "rate", 50, "the load's requests a second")
	withLoad := flags.Bool("load", true, "put the load generator in")
	keyFile := flags.String("key", "", "file that keeps the key that tokens are signed with; made when it isn't there. "+
		"Without it every printing has a key of its own")
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
