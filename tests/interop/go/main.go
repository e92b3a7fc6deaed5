// Drives an Atlas Administration API with MongoDB's own Go client
// (go.mongodb.org/atlas) and with the two libraries that MongoDB's Go SDK signs
// its requests with: mongodb-forks/digest for an API key, x/oauth2 for a
// service account. Usage: interop serverless|flex, credentials and base URL
// from the environment. Prints one JSON line per operation; exits 1 on the
// first that fails.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/mongodb-forks/digest"
	"go.mongodb.org/atlas/mongodbatlas"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const name = "interop-go"

type run struct {
	ctx    context.Context
	client *mongodbatlas.Client
	group  string
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: interop serverless|flex", nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	base := os.Getenv("MONGODB_ATLAS_BASE_URL")
	client, err := mongodbatlas.New(httpClient(ctx, base), mongodbatlas.SetBaseURL(base))
	if err != nil {
		fail("client", err)
	}
	r := run{ctx, client, os.Getenv("MONGODB_ATLAS_PROJECT_ID")}
	switch os.Args[1] {
	case "serverless":
		r.serverless()
	case "flex":
		r.flex()
	default:
		fail("unknown kind "+os.Args[1], nil)
	}
}

// httpClient signs as the Go SDK does: client credentials in the header of the
// token request when there is a service account, else HTTP Digest.
func httpClient(ctx context.Context, base string) *http.Client {
	if id := os.Getenv("MONGODB_ATLAS_CLIENT_ID"); id != "" {
		config := clientcredentials.Config{
			ClientID:     id,
			ClientSecret: os.Getenv("MONGODB_ATLAS_CLIENT_SECRET"),
			TokenURL:     base + "/api/oauth/token",
			AuthStyle:    oauth2.AuthStyleInHeader,
		}
		return config.Client(ctx)
	}
	transport := digest.NewTransport(os.Getenv("MONGODB_ATLAS_PUBLIC_KEY"), os.Getenv("MONGODB_ATLAS_PRIVATE_KEY"))
	client, err := transport.Client()
	if err != nil {
		fail("digest", err)
	}
	return client
}

// until polls get every 100 ms until it reports true; the context is the deadline.
func (r run) until(what string, get func() (bool, error)) {
	for {
		done, err := get()
		if err != nil {
			fail(what, err)
		}
		if done {
			return
		}
		select {
		case <-r.ctx.Done():
			fail(what, r.ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func said(operation string, result any, err error) {
	if err != nil {
		fail(operation, err)
	}
	line, err := json.Marshal(map[string]any{"operation": operation, "result": result})
	if err != nil {
		fail(operation, err)
	}
	fmt.Println(string(line))
}

func check(operation string, ok bool, got any) {
	if !ok {
		fail(operation, fmt.Errorf("unexpected reply: %+v", got))
	}
}

func gone(response *mongodbatlas.Response) bool {
	return response != nil && response.StatusCode == http.StatusNotFound
}

func fail(operation string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", operation, err)
	os.Exit(1)
}
