// Package sharedreads answers many reads of single objects with few requests, by
// sharing pages of a list that holds the same objects.
//
// # Reads
//
// Terraform reads every object by its id, one after the other, and says neither
// how many nor which will follow. A page of the list holds 500 objects, but
// perhaps none of those that are wanted: an instance with 20 managed objects may
// hold 20,000 others. That is the ski rental problem, and [Reader.Read] solves it
// in the known way: it buys only as much as it has paid in rent.
//
//   - The first read is a GET, so that a configuration of one object costs one
//     request and is strictly fresh.
//   - Later ones look in the snapshot, which holds what pages and GETs brought in
//     the last [Lifetime].
//   - One that misses waits for the page that is on its way, if there is one. Else,
//     if no more pages were bought than GETs made, it buys the next page, and looks
//     again. Else it makes a GET.
//
// So pages are never more than one ahead of GETs, and until the list is at its end
// GETs are never ahead of pages. With N reads of T objects this bounds the requests
// by
//
//	2·min(N, ⌈T/500⌉) + 1
//
// plus one confirming GET for each read of an object that is in no page. That is at most
// twice the cheapest strategy that knows the reads beforehand, and 5 instead of
// 1,000 for 1,000 reads of 1,000 objects. The bound holds for one listing, that is
// for as long as the snapshot lives, for any order of reads and any number of them
// at once, and whatever others create and delete meanwhile. It counts the requests
// of reads only, not of lists, and supposes that none is cancelled. T may be as large
// as 200 pages; of a longer list no more are read.
//
// # What is guaranteed
//
// An object is called gone only by a GET that ended after the read began: absence
// from pages is never trusted, because pages shift and lists lag behind.
//
// An answer is never older than Lifetime, and never older than the latest own
// write of the object: see [Reader.BeginWrite].
//
// When a page cannot be read, GETs answer, and no page is bought for a Lifetime.
//
// # Lists
//
// [Reader.List] goes through all objects, on the pages that reads bought, and
// reads find what a list brought. Two lists of one query cost one.
//
// Pages are asked for by offset, so a deletion between two of them moves the rest
// forward, and hides an object that steps over the boundary. No count reveals it
// when another object came in at the end meanwhile. Pages therefore overlap by one
// object: if the next page begins with one that was seen, everything up to there
// was seen. If it does not, the list steps back until it does. Thus every object
// that exists from the beginning to the end of a listing is in it, and once only,
// provided that the order of two objects does not change; by name, a renamed object
// can slip through.
//
// The overlap costs one page more at most (1,000 objects are three pages), which
// the bound above includes.
//
// An item that is not whole, because part of it could not be read, affects no other
// item: lists serve it in its place, and reads ask for it by a GET.
//
// # Waiting
//
// Reads that wait for the same request share it. It runs on a context of its own,
// which ends when the last of them has gone: cancelling one read does not affect the others,
// and no request goes on that no one waits for.
package sharedreads
