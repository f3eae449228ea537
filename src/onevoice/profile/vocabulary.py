"""The event names the house knows, by what they say about the person; their sources are docs/events.md."""

#: Written by the company's own people or by the house: no act of the person.
HOUSE = frozenset(
    {
        "Note Added", "Tag Added", "Tag Removed", "Identity Asserted", "Identity Linked", "Identity Rules Changed",
        "Person Merged", "Person Split", "Identifier Demoted", "Identifier Moved", "Household Linked",
        "Household Unlinked", "Audience Entered", "Audience Left", "Consent Granted", "Consent Withdrawn",
    }
)  # fmt: skip

#: What the company sent, and what became of it on the way: no act of the person either.
OUTBOUND = frozenset(
    {
        "Email Sent", "Email Delivered", "Email Bounced", "Email Failed", "SMS Sent", "SMS Delivered", "SMS Failed",
        "Message Sent", "Message Delivered", "Message Failed", "Message Withheld", "Mail Piece Sent",
        "Mail Piece Delivered", "Mail Piece Returned", "Push Notification Sent", "Push Notification Received",
        "Push Notification Bounced", "Social Reply Sent", "Quote Sent", "Live Chat Message Received",
        "Campaign Touched",
    }
)  # fmt: skip

#: Events that change no count of visits or touches.
QUIET = HOUSE | OUTBOUND

#: Everything else of the wire reference; with QUIET these names are always counted, however many others there are.
ACTS = frozenset(
    {
        "Identify", "User Identified", "Group", "Group Joined", "Alias", "User Aliased", "Page Viewed", "Screen Viewed",
        "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed", "Promotion Clicked",
        "Product Clicked", "Product Viewed", "Product Added", "Product Removed", "Product Shared", "Product Reviewed",
        "Cart Viewed", "Cart Shared", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed",
        "Payment Info Entered", "Order Updated", "Order Completed", "Order Refunded", "Order Cancelled",
        "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed", "Coupon Redeemed", "Offer Redeemed",
        "Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart",
        "Email Opened", "Email Link Clicked", "Email Marked as Spam", "Unsubscribed",
        "Application Installed", "Application Opened", "Application Backgrounded", "Application Foregrounded",
        "Application Updated", "Application Uninstalled", "Application Crashed", "Install Attributed",
        "Push Notification Tapped", "Deep Link Opened", "Deep Link Clicked",
        "Live Chat Conversation Started", "Live Chat Conversation Ended", "Live Chat Message Sent",
        "Account Created", "Account Deleted", "Signed Up", "Signed In", "Signed Out", "Trial Started", "Trial Ended",
        "Receipt Issued", "Transaction Voided", "Store Visited", "Appointment Booked", "Appointment Kept",
        "Appointment Missed", "Call Started", "Call Answered", "Call Ended", "Call Missed", "SMS Received",
        "SMS Link Clicked", "SMS Opted Out", "SMS Opted In", "Message Received", "Mail Code Redeemed",
        "Exhibition Registered", "Exhibition Checked In", "Badge Scanned", "Booth Visited", "Business Card Captured",
        "Social Comment Received", "Social Mention Received", "Social Message Received",
        "Review Received", "Review Updated", "Review Removed", "Lead Created", "Lead Qualified", "Lead Disqualified",
        "Meeting Held", "Deal Created", "Deal Stage Changed", "Deal Won", "Deal Lost",
    }
)  # fmt: skip

KNOWN = QUIET | ACTS
